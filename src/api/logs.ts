/** `GET /admin/logs`: the last log lines of the process, as they were printed. */
import { Hono } from "hono"
import { lastLines } from "../core/telemetry/log-tail.ts"
import { type ApiEnv, needs, refuseWith } from "./api.ts"

export const logRoutes = (): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/admin/logs", needs("admin"), (c) =>
    c.get("caller").tenants === undefined
      ? c.text(`${lastLines().join("\n")}\n`, 200, { "cache-control": "no-store" })
      : refuseWith(c, "not-allowed", "log lines are about all tenants, and this token is bound to some"),
  )
