import { type Context, Hono } from "hono"
import * as z from "zod"
import { addAccount, emptyAccount } from "./account.ts"
import { skimBatch } from "./batch.ts"
import type { SimClock } from "./clock.ts"
import { makeTemplates } from "./events/catalogue.ts"
import { Latencies } from "./latencies.ts"
import { type Child, child_schema, parseOptions, type SimulatorOptions } from "./options.ts"
import { makeSimulator, type Simulator, type SimulatorParts } from "./simulator.ts"

/** A Flight Control parent and the customers below it, behind one `fetch`. */
export interface Estate extends Simulator {
  /** The simulators of the customers, by their ids; those that the parent no longer lists too. */
  readonly below: ReadonlyMap<string, Simulator>
  /** Lists a customer below the parent, and starts it unless it was there before. */
  addChild(child: z.input<typeof child_schema>): void
  /** The parent lists it no longer, and its tokens are no longer given out. */
  removeChild(cid: string): void
}

/** Secrets name the seed of the simulator that gave them, and every one of an estate has a seed of its own. */
const secret = /^(?:Bearer|Token) sim-\w+-(\d+)-\d+$/i

const change_schema = z.union([z.strictObject({ add: child_schema }), z.strictObject({ remove: z.string() })])

/**
 * Makes the parent of `options`, and a tenant with its own events, tokens and intake key for each of `children`. As with Falcon, a token that
 * was asked for with a `member_cid` is a token of that child, and the budgets per source address are shared by all. Who gave a token, a
 * session or an intake key gets the requests that carry it; everything else is the parent's.
 */
export function makeEstate(options: SimulatorOptions, clock: SimClock, parts: SimulatorParts = {}): Estate {
  const settings = parseOptions(options)
  const { children: _, ...shared } = settings
  const templates = parts.templates ?? makeTemplates(settings.seed, settings.templates)
  const listed = new Map<string, Child>()
  const below = new Map<string, Simulator>()
  const by_seed = new Map<string, Simulator>()
  const by_key = new Map<string, Simulator>()
  const parent = makeSimulator(shared, clock, { ...parts, templates, children: listed })

  const addChild: Estate["addChild"] = (given) => {
    const child = child_schema.parse(given)
    listed.set(child.cid, child)
    if (below.has(child.cid)) return
    const seed = settings.seed + 1 + below.size
    const intake_key = child.intake_key ?? `${settings.intake_key}-${child.cid}`
    const made = makeSimulator({ ...shared, seed, intake_key, ...child.own }, clock, {
      ...parts,
      templates,
      address: parent.address,
    })
    below.set(child.cid, made)
    by_seed.set(String(seed), made)
    by_key.set(intake_key, made)
  }
  for (const child of settings.children) addChild(child)

  const listedChild = (cid: string) => (listed.has(cid) ? below.get(cid) : undefined)
  /** Whose request it is, with the request to hand on: a body that was looked at is in it again. */
  const routed = async (
    request: Request,
  ): Promise<{ readonly to: Simulator; readonly request: Request } | undefined> => {
    const { pathname } = new URL(request.url)
    const [, seed] = secret.exec(request.headers.get("authorization") ?? "") ?? []
    if (seed !== undefined) return { to: by_seed.get(seed) ?? parent, request }
    if (pathname === `${settings.intake_prefix}/batch`) {
      const body = new Uint8Array(await request.arrayBuffer())
      return {
        to: by_key.get(skimBatch(body.subarray(0, 1_024)).intake_key ?? "") ?? parent,
        request: again(request, body),
      }
    }
    if (!pathname.startsWith("/oauth2/")) return { to: parent, request }
    const body = await request.text()
    const cid = new URLSearchParams(body).get("member_cid")?.slice(0, 32).toLowerCase()
    const to = cid === undefined ? parent : listedChild(cid)
    return to === undefined ? undefined : { to, request: again(request, body) }
  }

  const control = controlOfChildren({ below, addChild, removeChild: (cid) => void listed.delete(cid) })
  return {
    ...parent,
    get state() {
      return parent.state
    },
    get tapes() {
      return parent.tapes
    },
    get latencies() {
      return parent.latencies
    },
    get address() {
      return parent.address
    },
    reset: () => {
      for (const each of [parent, ...below.values()]) each.reset()
    },
    below,
    addChild,
    removeChild: (cid) => void listed.delete(cid),
    fetch: async (request) => {
      if (new URL(request.url).pathname.startsWith("/_sim/children")) return control.fetch(request)
      const found = await routed(request)
      return found === undefined ? refused() : found.to.fetch(found.request)
    },
    close: () => {
      for (const each of [parent, ...below.values()]) each.close()
    },
  }
}

const again = (request: Request, body: string | Uint8Array<ArrayBuffer>): Request =>
  new Request(request.url, { method: request.method, headers: request.headers, body, signal: request.signal })

/** A token for a customer that is none of the parent's. Which of 400 and 403 Falcon answers is documented nowhere. */
const refused = (): Response =>
  Response.json({ meta: {}, errors: [{ code: 403, message: "access denied, authorization failed" }] }, { status: 403 })

/** The routes below `/_sim/children`: the books of all children together, of one, and who is listed. */
const controlOfChildren = ({
  below,
  addChild,
  removeChild,
}: Pick<Estate, "below" | "addChild" | "removeChild">): Hono => {
  const app = new Hono()
  const others = (c: Context) => {
    const except = new Set((c.req.query("except") ?? "").split(","))
    return [...below].flatMap(([cid, child]) => (except.has(cid) ? [] : [child]))
  }
  app.get("/_sim/children", (c) => {
    const total = emptyAccount()
    const latencies = new Latencies()
    let [requests, batches, streams_open] = [0, 0, 0]
    for (const child of others(c)) {
      const account = child.account()
      addAccount(total, account.total)
      latencies.addAll(child.latencies)
      batches += account.intake.batches
      requests += child.state.requests_seen
      streams_open += child.state.streams_open
    }
    return c.json({ total, batches, requests, streams_open, delivered_ms: latencies.sum() })
  })
  app.delete("/_sim/children/latencies", (c) => {
    for (const child of below.values()) child.latencies.clear()
    return c.json({})
  })
  app.post("/_sim/children", async (c) => {
    const body = change_schema.safeParse(await c.req.json().catch(() => undefined))
    if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400)
    if ("add" in body.data) addChild(body.data.add)
    else removeChild(body.data.remove)
    return c.json({})
  })
  app.all("/_sim/children/:cid/*", async (c) => {
    const { cid } = c.req.param()
    const child = below.get(cid)
    if (child === undefined) return c.json({ message: "there is no such child" }, 404)
    return child.fetch(new Request(c.req.url.replace(`/children/${cid}`, ""), c.req.raw))
  })
  return app
}
