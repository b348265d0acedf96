/** Certificate authorities that the configuration names, for networks and databases whose own the system does not know. */
import { Effect } from "effect"
import { ConfigError } from "../errors.ts"
import { readRegular, whyUnread } from "../store/regular-file.ts"
import { configuration } from "./limits.ts"

/** The PEM file of an authority; `key` is named where it cannot be read, or holds no certificate. */
export const readAuthority = Effect.fnUntraced(function* (source: string, key: string, path: string) {
  const { text } = yield* readRegular(path, configuration.file_bytes_max).pipe(
    Effect.mapError(
      (error) => new ConfigError({ source, key, message: `${path} cannot be read: ${whyUnread(error)}` }),
    ),
  )
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text
  return yield* new ConfigError({ source, key, message: `${path} holds no PEM certificate` })
})
