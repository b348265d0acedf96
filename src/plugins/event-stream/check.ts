/** What `akonis check` finds out about the streams and the intake, without taking an event from anybody. */
import { Effect } from "effect"
import { Falcon } from "../../core/falcon/client.ts"
import type { CheckRow } from "../../core/plugin.ts"
import { makeIntake } from "../../core/sekoia/intake.ts"
import type { EventStreamConfig } from "./config.ts"
import { listFeeds } from "./listing.ts"

/** An app id of its own: listing under the worker's would take its streams away. */
const check_app_id = "akonischeck"

const row = (name: string, status: CheckRow["status"], detail: string): CheckRow => ({ name, status, detail })

export const check = Effect.fnUntraced(function* (config: EventStreamConfig) {
  return [yield* checkStreams, yield* checkIntake(config)]
})

const checkStreams = Effect.gen(function* () {
  yield* Falcon
  const { feeds, complaints } = yield* listFeeds(check_app_id)
  const counted = `${feeds.length} partition${feeds.length === 1 ? "" : "s"}`
  if (complaints.length > 0) return row("streams", "warning", `${counted}; ${complaints.join("; ")}`)
  if (feeds.length > 0) return row("streams", "ok", counted)
  return row(
    "streams",
    "warning",
    "Falcon lists none: checked within the last 30 minutes already, or not enabled for this tenant",
  )
}).pipe(Effect.catchTag("FalconError", (error) => Effect.succeed(row("streams", "failed", error.message))))

/** Posts an empty batch: the intake checks the key before it looks at the events. Only its own words count as an answer. */
const checkIntake = (config: EventStreamConfig) =>
  Effect.gen(function* () {
    const intake = yield* makeIntake({ key: config.intake_key, url: config.intake_url })
    const prefix = new TextDecoder().decode(yield* intake.prefix)
    yield* intake.post(new TextEncoder().encode(`${prefix.slice(0, -1)}]}`), 0)
    return row("intake", "ok", `${config.intake_url} takes the key`)
  }).pipe(
    Effect.catchTags({
      ConfigError: ({ source, message }) => Effect.succeed(row("intake", "failed", `${source}: ${message}`)),
      IntakeError: ({ reason, message }) =>
        Effect.succeed(
          reason === "refused"
            ? row(
                "intake",
                "warning",
                `${message}; it may refuse an empty batch, but whether it takes the key is not known`,
              )
            : row("intake", "failed", message),
        ),
    }),
  )
