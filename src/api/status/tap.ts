/** `GET /tap`: a sample of the events that are being delivered, as NDJSON, until the caller goes. */
import { Effect } from "effect"
import { Hono } from "hono"
import type { ActionTenant } from "../../core/actions/execute.ts"
import { Taps } from "../../core/delivery/tap.ts"
import { tap as limits, status } from "../../core/limits/operator.ts"
import { texts } from "../../core/limits.ts"
import { cleanText } from "../../core/text.ts"
import { type Api, type ApiContext, type ApiEnv, needs, refuseWith } from "../api.ts"
import type { OpenResponses } from "./open-responses.ts"

/** The route of one tenant. Events are content: the role reader does not see them. */
export const tapRoutes = (api: Api, tenant: ActionTenant, open_responses: OpenResponses): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/tap", needs("responder"), async (c) => {
    const wanted = wantedOf(c)
    if (typeof wanted === "string") return refuseWith(c, "invalid-arguments", wanted)
    const taps = await api.run(Effect.provide(Taps, tenant.services))
    if (taps.count() >= limits.taps_max) return refuseWith(c, "not-ready", `${limits.taps_max} taps are open already`)
    const { name } = c.get("caller")
    const how = `${wanted.type ?? "any type"}, ${wanted.rate} a second${wanted.redacted ? ", redacted" : ""}`
    await api.run(Effect.logInfo(`${name} looks at events as they pass: ${how}`))
    const body = open_responses.body(
      { waiting_bytes_max: limits.waiting_bytes_max, life_ms: status.viewer_life_ms, tenant: tenant.id },
      (send) => {
        // Answers at once, so that the caller knows that it is open.
        send("\n")
        const alive = setInterval(() => send("\n"), limits.quiet_ms)
        const close = taps.open({ ...wanted, tell: (line) => void send(`${line}\n`) })
        return () => {
          clearInterval(alive)
          close()
        }
      },
    )
    return c.body(body, 200, { "content-type": "application/x-ndjson", "cache-control": "no-store" })
  })
  return app
}

/** What is asked for, or what is wrong with it. */
const wantedOf = (c: ApiContext) => {
  const { type, rate = String(limits.rate_default), redact = "false", ...more } = c.req.query()
  const [unknown] = Object.keys(more)
  if (unknown !== undefined)
    return `there is no parameter ${cleanText(unknown, texts.asked_chars_max)}; there are: type, rate, redact`
  if (type !== undefined && !/^\w{1,64}$/.test(type)) return "type must be the name of an event type"
  if (!(Number(rate) > 0 && Number(rate) <= limits.rate_max))
    return `rate must be above 0 and at most ${limits.rate_max}`
  if (redact !== "true" && redact !== "false") return "redact must be true or false"
  return { type, rate: Number(rate), redacted: redact === "true" }
}
