/** `GET /status`, `GET /status/stream`: what the dashboard and `akonis top` show. */
import { Hono } from "hono"
import { status as limits } from "../../core/limits/operator.ts"
import { type ApiEnv, needs, refuseWith } from "../api.ts"
import type { OpenResponses } from "./open-responses.ts"
import type { SharedLook } from "./shared-look.ts"

const uncached = { "cache-control": "no-store" }

export const statusRoutes = (look: SharedLook, open_responses: OpenResponses): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/status", needs("reader"), async (c) =>
    c.body(await look.now(c.get("caller")), 200, { ...uncached, "content-type": "application/json" }),
  )
  app.get("/status/stream", needs("reader"), async (c) => {
    if (look.watchers() >= limits.viewers_max) {
      return refuseWith(c, "not-ready", `${limits.viewers_max} viewers watch already; close some`, {
        "retry-after": "30",
      })
    }
    const caller = c.get("caller")
    const first = await look.now(caller)
    const body = open_responses.body(
      { waiting_bytes_max: limits.waiting_bytes_max, life_ms: limits.viewer_life_ms },
      (send) => {
        send(message(first))
        return look.watch(caller, (json) => void send(message(json)))
      },
    )
    return c.body(body, 200, { ...uncached, "content-type": "text/event-stream" })
  })
  return app
}

const message = (json: string): string => `data: ${json}\n\n`
