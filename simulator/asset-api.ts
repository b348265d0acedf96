import { type Context, Hono } from "hono"
import * as z from "zod"
import { idOf, nameOf } from "./asset-ledger.ts"
import type { Ending, Item } from "./asset-tasks.ts"
import { type SimContext, struck } from "./context.ts"

const path = "/api/v2/asset-management/asset-connector/:connector"
const missing_shown = 10

const body_schema = z.strictObject({ version: z.literal(1), items: z.array(z.record(z.string(), z.unknown())) })

/** Sekoia's asset API, and the routes that watch and steer the inventories. */
export function assetRoutes(sim: SimContext): Hono {
  const app = new Hono()
  app.post(path, (c) => receive(sim, c))
  app.get("/api/v1/tasks/:id", (c) => tell(sim, c))
  app.get("/_sim/assets", (c) => c.json(account(sim)))
  app.get("/_sim/assets/items", (c) => c.json(sim.assets.items))
  app.post("/_sim/assets", async (c) => {
    const body = change_schema.safeParse(await c.req.json().catch(() => undefined))
    if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400)
    change(sim, body.data)
    return c.json(account(sim))
  })
  return app
}

async function receive(sim: SimContext, c: Context): Promise<Response> {
  const { assets, settings } = sim
  assets.requests++
  const refuse = (status: 400 | 401 | 404 | 500, message: string) => {
    assets.refused[status] = (assets.refused[status] ?? 0) + 1
    return c.json({ message }, status)
  }
  const fault = await struck(sim, "assets", undefined, c.req.raw)
  if (fault instanceof Response) {
    assets.refused[fault.status] = (assets.refused[fault.status] ?? 0) + 1
    return fault
  }
  if (c.req.header("authorization") !== `Bearer ${settings.sekoia_api_key}`) return refuse(401, "invalid API key")
  const connector = c.req.param("connector") ?? ""
  if (!z.guid().safeParse(connector).success) return refuse(404, "no such asset connector")
  const body = body_schema.safeParse(await c.req.json().catch(() => undefined))
  if (!body.success) return refuse(400, z.prettifyError(body.error))
  const { items } = body.data
  const whole = items.every((item) => item.class_uid === 5001 || item.class_uid === 5003) && items.every(idOf)
  if (!whole) return refuse(400, "every item must be an OCSF inventory event with a uid")
  if (items.some((item) => settings.asset_refuses.includes(nameOf(item)))) return refuse(400, "an item was refused")
  assets.connectors.add(connector)
  const ending = endingOf(sim, items, fault)
  if (ending !== undefined) {
    const task_id = assets.tasks.begin(items, ending, sim.clock.now() + settings.asset_task_ms)
    return c.json({ task_id }, 200)
  }
  assets.accept(items)
  if (fault === "accept_then_fail") return refuse(500, "internal server error")
  return c.json({ total: items.length }, 200)
}

/** How the task of these items ends; `undefined` when there is none. */
function endingOf({ settings }: SimContext, items: readonly Item[], fault: unknown): Ending | undefined {
  if (fault === "task_hangs") return "hang"
  if (fault === "task_fails") return "fail"
  if (settings.asset_tasks === "none") return undefined
  return items.some((item) => settings.asset_task_fails_on.includes(nameOf(item))) ? "fail" : "finish"
}

/** What came of a task. */
async function tell(sim: SimContext, c: Context): Promise<Response> {
  const { assets, settings, clock } = sim
  const fault = await struck(sim, "tasks", undefined, c.req.raw)
  if (fault instanceof Response) return fault
  if (c.req.header("authorization") !== `Bearer ${settings.sekoia_api_key}`) {
    return c.json({ message: "invalid API key" }, 401)
  }
  const task = assets.tasks.look(c.req.param("id") ?? "", clock.now())
  return task === undefined ? c.json({ message: "no such task" }, 404) : c.json(task, 200)
}

/** What arrived, and which hosts did not. */
function account(sim: SimContext) {
  const { assets, inventory } = sim
  const rows = inventory.rows()
  const missing = rows.map((row) => inventory.id(row)).filter((id) => !assets.has(id))
  return {
    requests: assets.requests,
    accepted: assets.accepted,
    distinct: assets.distinct,
    repeated: assets.repeated,
    batch_items_max: assets.batch_items_max,
    refused: assets.refused,
    tasks: assets.tasks.counts,
    connectors: [...assets.connectors],
    hosts: { exist: rows.length, missing: missing.length, missing_ids: missing.slice(0, missing_shown) },
  }
}

const counts = z.strictObject({
  add: z.int().nonnegative().default(0),
  change: z.int().nonnegative().default(0),
  remove: z.int().nonnegative().default(0),
})
const change_schema = z.strictObject({
  fleet: counts.optional(),
  console_users: counts.optional(),
  identities: counts.optional(),
})

/** Changes come first, so that they do not hit what is added or removed along with them. */
function change({ inventory, people, clock }: SimContext, wanted: z.output<typeof change_schema>): void {
  const { fleet, console_users, identities } = wanted
  const now = clock.now()
  inventory.fleet.change(fleet?.change ?? 0, now)
  inventory.fleet.remove(fleet?.remove ?? 0)
  inventory.fleet.add(fleet?.add ?? 0, now)
  people.changeConsoleUsers(console_users?.change ?? 0)
  people.removeConsoleUsers(console_users?.remove ?? 0)
  people.addConsoleUsers(console_users?.add ?? 0)
  people.changeIdentities(identities?.change ?? 0)
  people.removeIdentities(identities?.remove ?? 0)
  people.addIdentities(identities?.add ?? 0)
}
