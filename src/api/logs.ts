/** `GET /admin/logs`: the last log lines of the process, as they were printed. */
import { Hono } from "hono"
import { lastLines } from "../core/telemetry/log-tail.ts"
import { type ApiEnv, needs, refuseWith } from "./api.ts"

/** Not for tokens that are bound to tenants: a log speaks of all of them. */
export const logRoutes = (): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/admin/logs", needs("admin"), (c) =>
    c.get("caller").tenants === undefined
      ? c.text(`${lastLines().join("\n")}\n`, 200, { "cache-control": "no-store" })
      : refuseWith(c, "not-allowed", "the log is about all tenants, and this token is not"),
  )
