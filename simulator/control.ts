import { Hono } from "hono"
import * as z from "zod"
import { type SimContext, wakeStreams } from "./context.ts"
import type { EventTemplate } from "./events/template.ts"
import { fault_schema } from "./faults.ts"
import type { PoisonKind } from "./options.ts"
import { Tape } from "./tape.ts"

const partitions_schema = z.union([
  z.strictObject({ add: z.int().min(0).max(99) }),
  z.strictObject({ remove: z.int().min(0).max(99) }),
])

const sessions_schema = z.strictObject({
  partition: z.int().nonnegative().optional(),
  app_id: z.string().optional(),
})

/** The routes under `/_sim`: they watch and steer the simulator itself. */
export function controlRoutes(sim: SimContext, templates: readonly EventTemplate[], reset: () => void): Hono {
  const app = new Hono()
  app.get("/account", (c) => c.json(sim.ledger.account(sim.tapes.values(), sim.clock.now())))
  app.get("/undelivered", (c) => c.json(sim.ledger.undelivered(sim.tapes.values(), sim.clock.now())))
  app.get("/state", (c) => c.json(snapshot(sim)))
  app.get("/faults", (c) => c.json(sim.faults.faults))

  app.post("/faults", async (c) => {
    const json: unknown = await c.req.json().catch(() => undefined)
    const body = z.array(fault_schema).safeParse(Array.isArray(json) ? json : [json])
    if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400)
    const added = body.data.map((fault) => sim.faults.add(fault, sim.clock.now()))
    wakeStreams(sim)
    return c.json(added, 201)
  })

  app.delete("/faults/:id?", (c) => {
    const id = c.req.param("id")
    const removed = sim.faults.remove(id === undefined ? undefined : Number(id))
    wakeStreams(sim)
    return c.json({ removed })
  })

  app.post("/partitions", async (c) => {
    const body = partitions_schema.safeParse(await c.req.json().catch(() => undefined))
    if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400)
    if ("add" in body.data) addPartition(sim, templates, body.data.add, sim.clock.now())
    else removePartition(sim, body.data.remove)
    return c.json({ partitions: [...sim.listed] })
  })

  app.post("/sessions/end", async (c) => {
    const body = sessions_schema.safeParse(await c.req.json().catch(() => ({})))
    if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400)
    const { partition, app_id } = body.data
    const ended = sim.tenant.endSessions(
      (session) =>
        (partition === undefined || session.partition === partition) &&
        (app_id === undefined || session.app_id === app_id),
      sim.clock.now(),
    )
    wakeStreams(sim)
    return c.json({ ended })
  })

  app.post("/events/end", (c) => {
    const now = sim.clock.now()
    for (const tape of sim.tapes.values()) tape.end_ms = Math.min(tape.end_ms, now)
    return c.json({ events: [...sim.tapes.values()].reduce((sum, tape) => sum + tape.head(now), 0) })
  })

  app.post("/reset", (c) => {
    reset()
    return c.json({ reset: true })
  })
  return app
}

/** Everything a simulator remembers, as plain data; `fetch` it with `GET /_sim/state`. */
export function snapshot(sim: SimContext) {
  const now = sim.clock.now()
  return {
    now_ms: now,
    started_ms: sim.started_ms,
    settings: sim.settings,
    partitions: [...sim.listed].map((partition) => ({ partition, events: sim.tapes.get(partition)!.head(now) })),
    streams_open: sim.streams.size,
    faults: sim.faults.faults,
    ...sim.tenant.state,
  }
}

/** Opens a partition, with a backlog of its own from before `start_ms`. One that was removed before goes on where it stopped. */
export function addPartition(
  sim: SimContext,
  templates: readonly EventTemplate[],
  partition: number,
  start_ms: number,
): void {
  const { settings } = sim
  const removed = sim.tapes.get(partition)
  if (removed !== undefined) removed.end_ms = Number.POSITIVE_INFINITY
  sim.listed.add(partition)
  if (removed !== undefined) return
  const poison = settings.poison.filter((one) => one.partition === partition)
  const tape = new Tape({
    seed: settings.seed,
    partition,
    templates,
    backlog: Math.min(settings.events_per_partition, settings.events_max),
    per_second: settings.events_per_second,
    events_max: settings.events_max,
    start_ms,
    line_end: settings.line_end,
    poison: new Map<number, PoisonKind>(poison.map((one) => [one.index, one.kind])),
  })
  sim.tapes.set(partition, tape)
}

/** Takes a partition away: its sessions end, its streams close, and it creates no more events. */
function removePartition(sim: SimContext, partition: number): void {
  const tape = sim.tapes.get(partition)
  if (tape === undefined) return
  const now = sim.clock.now()
  tape.end_ms = Math.min(tape.end_ms, now)
  sim.listed.delete(partition)
  sim.tenant.endSessions((session) => session.partition === partition, now)
  wakeStreams(sim)
}
