import { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { alertRoutes } from "./alerts.ts"
import { hostRoutes } from "./hosts.ts"
import { incidentRoutes } from "./incidents.ts"
import { iocRoutes } from "./iocs.ts"
import { policyRoutes } from "./policies.ts"
import { threatGraphRoutes } from "./threatgraph.ts"

/** The API beside the event streams, and `GET /_sim/api`: its memory, with the latest requests. */
export function apiRoutes(sim: SimContext): Hono {
  const app = new Hono()
  alertRoutes(app, sim)
  hostRoutes(app, sim)
  incidentRoutes(app, sim)
  iocRoutes(app, sim)
  policyRoutes(app, sim)
  threatGraphRoutes(app, sim)
  app.get("/_sim/api", (c) => c.json(sim.api))
  return app
}
