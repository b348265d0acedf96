/** What `akonis check` finds out about the streams and the destination, without taking an event from anybody. */
import { Effect } from "effect"
import { Falcon } from "../../core/falcon/client.ts"
import type { CheckRow } from "../../core/plugin.ts"
import type { EventStreamConfig } from "./config.ts"
import { makeDestination } from "./destination.ts"
import { listFeeds } from "./listing.ts"

/** An app id of its own: listing under the worker's would take its streams away. */
const check_app_id = "akonischeck"

const row = (name: string, status: CheckRow["status"], detail: string): CheckRow => ({ name, status, detail })

export const check = Effect.fnUntraced(function* (config: EventStreamConfig) {
  return [yield* checkStreams, yield* checkDestination(config)]
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

const checkDestination = (config: EventStreamConfig) =>
  Effect.gen(function* () {
    const destination = yield* makeDestination(config)
    return yield* destination.check.pipe(
      Effect.map((found) => row(destination.name, "ok", found)),
      Effect.catchTag("DeliveryError", ({ recovery, message }) =>
        Effect.succeed(
          recovery === "bisect"
            ? row(
                destination.name,
                "warning",
                `${message}; it may refuse an empty batch, but whether it takes the key is not known`,
              )
            : row(destination.name, "failed", message),
        ),
      ),
    )
  }).pipe(
    Effect.catchTag("ConfigError", ({ source, message }) =>
      Effect.succeed(row("destination", "failed", `${source}: ${message}`)),
    ),
  )
