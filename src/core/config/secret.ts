/**
 * A secret of the configuration: given as text, or as a file that is read again when it changes, so that a rotated key is
 * picked up without a restart. Its value is `Redacted` from the first moment.
 */
import { Effect, FileSystem, Redacted } from "effect"
import { ConfigError } from "../errors.ts"
import { hideInLogs } from "../telemetry/redact.ts"
import { secret_chars_min } from "../telemetry/secret-forms.ts"

export interface Secret {
  /** The current value. Fails when the file is gone or empty; the message names the file, never the value. */
  readonly value: Effect.Effect<Redacted.Redacted<string>, ConfigError, FileSystem.FileSystem>
  /** The value that never changes; absent when it lies in a file. */
  readonly fixed?: Redacted.Redacted<string>
}

export const too_short = `is too short to be a secret: it has fewer than ${secret_chars_min} characters`

const wrap = (text: string): Redacted.Redacted<string> => {
  hideInLogs(text)
  return Redacted.make(text)
}

/** A secret written in the configuration or the environment. */
export const secretText = (text: string): Secret => {
  const fixed = wrap(text)
  return { value: Effect.succeed(fixed), fixed }
}

/** A secret kept in a file, white space around it ignored (an editor's last line end). `key` is named in errors. */
export const secretFile = (path: string, key: string): Secret => {
  let known: { readonly modified: string; readonly value: Redacted.Redacted<string> } | undefined
  const value = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const info = yield* fs.stat(path)
    const modified = `${info.size} ${String(info.mtime)}`
    if (known?.modified === modified) return known.value
    const text = (yield* fs.readFileString(path)).trim()
    if (text === "") return yield* new ConfigError({ source: path, key, message: "the secret file is empty" })
    if (text.length < secret_chars_min) return yield* new ConfigError({ source: path, key, message: too_short })
    known = { modified, value: wrap(text) }
    return known.value
  }).pipe(
    Effect.catchTag("PlatformError", (error) =>
      Effect.fail(
        new ConfigError({ source: path, key, message: `the secret file cannot be read: ${error.reason._tag}` }),
      ),
    ),
  )
  return { value }
}

export const isSecret = (value: unknown): value is Secret =>
  typeof value === "object" && value !== null && "value" in value && Effect.isEffect(value.value)
