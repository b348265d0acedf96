import { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { alertRoutes } from "./alerts.ts"
import { caseRoutes } from "./cases.ts"
import { flightControlRoutes } from "./flight-control.ts"
import { hostGroupRoutes } from "./host-groups.ts"
import { hostRoutes } from "./hosts.ts"
import { identityRoutes } from "./identities.ts"
import { incidentRoutes } from "./incidents.ts"
import { iocRoutes } from "./iocs.ts"
import { policyRoutes } from "./policies.ts"
import { threatGraphRoutes } from "./threatgraph.ts"
import { userRoutes } from "./users.ts"

/** The API beside the event streams, and `GET /_sim/api`: its memory, with the latest requests. */
export function apiRoutes(sim: SimContext): Hono {
  const app = new Hono()
  alertRoutes(app, sim)
  caseRoutes(app, sim)
  flightControlRoutes(app, sim)
  hostRoutes(app, sim)
  hostGroupRoutes(app, sim)
  identityRoutes(app, sim)
  incidentRoutes(app, sim)
  iocRoutes(app, sim)
  policyRoutes(app, sim)
  threatGraphRoutes(app, sim)
  userRoutes(app, sim)
  app.get("/_sim/api", (c) => c.json(sim.api))
  return app
}
