/** `GET /admin/logs`: the last log lines of the process, as they were printed. */
import { Hono } from "hono"
import { lastLines } from "../core/telemetry/log-tail.ts"
import { type ApiEnv, needs } from "./api.ts"

export const logRoutes = (): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/admin/logs", needs("admin"), (c) =>
    c.text(`${lastLines().join("\n")}\n`, 200, { "cache-control": "no-store" }),
  )
