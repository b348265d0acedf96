import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { factOf } from "./facts.ts"
import { known, serve } from "./serve.ts"

/** What a page holds when the request does not say (gofalcon). */
const page_default = 10

/** The customers below a Flight Control parent; none where it is no parent. */
export function flightControlRoutes(app: Hono, sim: SimContext): void {
  serve(app, sim, factOf("GET", "/mssp/queries/children/v1"), ({ query }) => {
    const offset = Number(query.get("offset") ?? 0)
    const limit = Number(query.get("limit") ?? page_default)
    const cids = [...sim.children.keys()]
    return {
      resources: cids.slice(offset, offset + limit),
      meta: { pagination: { offset, limit, total: cids.length } },
    }
  })
  serve(app, sim, factOf("POST", "/mssp/entities/children/GET/v2"), ({ list }) => {
    const { found, errors } = known(Object.fromEntries(sim.children), list, "child")
    const links = found.map(({ cid, name }) => ({
      checksum: "00",
      child_cid: cid,
      child_of: "0".repeat(32),
      ...(name !== undefined && { name }),
      status: "active",
    }))
    return { resources: links, errors }
  })
}
