/**
 * A secret of the configuration: given as text, or as a file that is read again when it changes, so that a rotated key is
 * picked up without a restart. Its value is `Redacted` from the first moment.
 */
import { Effect, FileSystem, Redacted } from "effect"
import { ConfigError } from "../errors.ts"
import { readRegular, versionOf, whyUnread } from "../store/regular-file.ts"
import { hideInLogs } from "../telemetry/redact.ts"
import { secret_chars_min } from "../telemetry/secret-forms.ts"
import { configuration } from "./limits.ts"

export interface Secret {
  /** The current value. Fails when the file is gone or empty; the message names the file, never the value. */
  readonly value: Effect.Effect<Redacted.Redacted<string>, ConfigError, FileSystem.FileSystem>
  /** The value as long as nothing replaces it; absent when it lies in a file. */
  readonly fixed?: Redacted.Redacted<string> | undefined
  /** From now on gives what the other one gives, to everybody who holds this one. */
  readonly replace: (other: Secret) => void
}

/** Where a secret comes from. */
type Source = Pick<Secret, "value" | "fixed">

const replaceable = (first: Source): Secret => {
  let now = first
  return {
    value: Effect.suspend(() => now.value),
    get fixed() {
      return now.fixed
    },
    replace: (other) => {
      now = other
    },
  }
}

export const too_short = `is too short to be a secret: it has fewer than ${secret_chars_min} characters`

const wrap = (text: string): Redacted.Redacted<string> => {
  hideInLogs(text)
  return Redacted.make(text)
}

/** Stands for a secret that nobody gave and that was not demanded: reading it fails. */
export const secretMissing = (source: string, key: string): Secret =>
  replaceable({ value: Effect.fail(new ConfigError({ source, key, message: "is missing" })) })

/** A secret written in the configuration or the environment. */
export const secretText = (text: string): Secret => {
  const fixed = wrap(text)
  return replaceable({ value: Effect.succeed(fixed), fixed })
}

/**
 * A secret kept in a regular file, or a link to one, white space around it ignored (an editor's last line end). `key` is
 * named in errors.
 */
export const secretFile = (path: string, key: string): Secret => {
  let known: { readonly version: string; readonly value: Redacted.Redacted<string> } | undefined
  const value = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (known !== undefined && known.version === versionOf(yield* fs.stat(path))) return known.value
    const { text, version } = yield* readRegular(path, configuration.secret_bytes_max)
    const secret = text.trim()
    if (secret === "") return yield* Effect.fail("it is empty")
    if (secret.length < secret_chars_min) return yield* Effect.fail(too_short)
    known = { version, value: wrap(secret) }
    return known.value
  }).pipe(
    Effect.mapError(
      (error) => new ConfigError({ source: path, key, message: `the secret file cannot be used: ${whyUnread(error)}` }),
    ),
  )
  return replaceable({ value })
}

/** The secrets of a block of the configuration, each with its dotted key in the block. */
export const secretsIn = (block: unknown, key = ""): readonly (readonly [string, Secret])[] => {
  if (isSecret(block)) return [[key, block]]
  if (typeof block !== "object" || block === null) return []
  return Object.entries(block).flatMap(([name, inner]) => secretsIn(inner, key === "" ? name : `${key}.${name}`))
}

/**
 * Reads every secret of a block of the configuration, for no other reason than that they are known then, and cut out of every text
 * from then on. One that cannot be read is left.
 */
export const readInSecrets = (block: unknown): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.forEach(secretsIn(block), ([, { value }]) => Effect.option(value), { discard: true })

export const isSecret = (value: unknown): value is Secret =>
  typeof value === "object" && value !== null && "value" in value && Effect.isEffect(value.value)
