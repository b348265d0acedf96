/**
 * What the runtime hands to a module: each value is a file below `/symphony`, or else a variable of the environment with its name
 * in capitals, where JSON may be in base64 (SDK, configuration/filesystem.py and utils.py).
 */
import { Effect, FileSystem } from "effect"
import type { Env } from "../../core/config/read.ts"
import { isTree, type Tree } from "../../core/config/read.ts"
import { ConfigError } from "../../core/errors.ts"
import { readRegular, whyUnread } from "../../core/store/regular-file.ts"
import { hideInLogs } from "../../core/telemetry/redact.ts"
import { settings as limits } from "../limits.ts"

export interface SettingsOptions {
  /** `/symphony`, outside of tests. */
  readonly folder: string
  readonly env: Env
}

export type Settings = ReturnType<typeof makeSettings>

type Read<A> = Effect.Effect<A, ConfigError, FileSystem.FileSystem>

/** Reads values by name, each when it is asked for. A file that is there and cannot be read is an error: nothing else is taken in its place. */
export const makeSettings = ({ folder, env }: SettingsOptions) => {
  const wrong = (name: string, message: string) => new ConfigError({ source: `${folder}/${name}`, key: "", message })

  const text = Effect.fnUntraced(function* (
    name: string,
  ): Effect.fn.Return<string | undefined, ConfigError, FileSystem.FileSystem> {
    const fs = yield* FileSystem.FileSystem
    const path = `${folder}/${name}`
    if (!(yield* Effect.orElseSucceed(fs.exists(path), () => false)))
      return env[name.toUpperCase()]?.trim() || undefined
    const file = yield* Effect.mapError(readRegular(path, limits.value_bytes_max), (error) =>
      wrong(name, `the file cannot be read: ${whyUnread(error)}`),
    )
    return file.text.trim() || undefined
  })

  const required = (name: string): Read<string> =>
    Effect.flatMap(text(name), (value) =>
      value === undefined
        ? Effect.fail(wrong(name, `is missing; neither the file nor ${name.toUpperCase()} is there`))
        : Effect.succeed(value),
    )

  /** An object; empty where there is none. */
  const object = (name: string): Read<Tree> =>
    Effect.flatMap(text(name), (value) => {
      const parsed = value === undefined ? {} : parseJson(value)
      return isTree(parsed) ? Effect.succeed(parsed) : Effect.fail(wrong(name, "must hold keys and values, as JSON"))
    })

  /** A text that no log may hold. */
  const secret = (name: string): Read<string> =>
    Effect.tap(required(name), (value) => Effect.sync(() => hideInLogs(value)))

  return { text, required, object, secret, env }
}

/** JSON, plain or in base64; `undefined` for anything else. */
const parseJson = (text: string): unknown => {
  for (const candidate of [text, Buffer.from(text, "base64").toString("utf8")]) {
    try {
      return JSON.parse(candidate) as unknown
    } catch {}
  }
  return undefined
}
