/** One row of the conformance suite: something is done with a plugin, and it holds or it does not. */
import { Effect, type Scope } from "effect"
import { ConfigError } from "../../core/errors.ts"
import type { AnyPlugin } from "../../core/plugin.ts"
import { cleanText } from "../../core/text.ts"
import { type Rig, type RigOptions, withRig } from "../rig.ts"

/** What `akonis plugin check` prints. */
export interface Row {
  readonly name: string
  readonly status: "ok" | "failed"
  readonly detail: string
}

export interface Tried {
  readonly plugin: AnyPlugin
  /** The keys below `plugins.<id>`. */
  readonly config: Readonly<Record<string, unknown>>
}

/** What a plugin does that it must not do. */
class Broken extends Error {}

/** Throws with this sentence unless it holds. */
export const must = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Broken(otherwise)
}

/** Does something with the running plugin; the row tells what `body` gave, or how it broke. */
export const tryIt = async (
  name: string,
  { plugin, config }: Tried,
  options: Omit<RigOptions, "config">,
  body: (rig: Rig) => Effect.Effect<string, unknown, Scope.Scope>,
): Promise<Row> => {
  try {
    const detail = await withRig(plugin, { ...options, config }, (rig) => Effect.suspend(() => body(rig)))
    return { name, status: "ok", detail }
  } catch (error) {
    return { name, status: "failed", detail: cleanText(sentence(error), 500) }
  }
}

const sentence = (error: unknown): string => {
  if (error instanceof ConfigError) return `${error.key}: ${error.message}`
  return error instanceof Broken ? error.message : String(error)
}
