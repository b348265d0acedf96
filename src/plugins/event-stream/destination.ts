/** Where the events of the configuration's choice go. */
import { Effect } from "effect"
import { makeNdjson } from "../../core/delivery/ndjson.ts"
import { ConfigError } from "../../core/errors.ts"
import { makeIntake } from "../../core/sekoia/intake.ts"
import type { EventStreamConfig } from "./config.ts"

const keys = "plugins.event-stream"

export const makeDestination = Effect.fnUntraced(function* ({
  destination,
  ndjson,
  intake_key,
  intake_url,
}: EventStreamConfig) {
  if (destination === "ndjson") return yield* makeNdjson({ ...ndjson, config_keys: [`${keys}.ndjson`] })
  if (intake_key === undefined)
    return yield* new ConfigError({ source: "configuration", key: `${keys}.intake_key`, message: "is missing" })
  const config_keys = [`${keys}.intake_key`, `${keys}.intake_url`, "proxy"]
  return yield* makeIntake({ key: intake_key, url: intake_url, config_keys })
})
