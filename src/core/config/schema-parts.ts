/**
 * The pieces that configuration schemas are made of: zod, with two notes beside a key (`.meta`): which environment
 * variable sets it, and whether it is a secret. Loading, error messages and the reference page read these notes; nothing
 * about a key is said twice.
 */
import { z } from "zod"
import { hidePasswordOf } from "../telemetry/redact.ts"
import { isSecret, type Secret } from "./secret.ts"

export interface KeyNotes {
  /** The environment variable that sets this key; it wins over the file. */
  readonly env?: string
  /** May be given as `<key>_file` and `<ENV>_FILE` too. */
  readonly secret?: boolean
  /** Must be there only when that other key of the block has that value, its default included. */
  readonly required_if?: { readonly key: string; readonly is: string }
}

const withNotes = <T extends z.ZodType>(schema: T, notes: KeyNotes, description: string): T =>
  schema.meta({ ...notes, description }) as T

/** A key that an environment variable can set. */
export const fromEnv = <T extends z.ZodType>(schema: T, env: string, description: string): T =>
  withNotes(schema, { env }, description)

/** A secret key: text, or a file by `<key>_file`. */
export const secret = (env: string | undefined, description: string) =>
  withNotes(
    z.custom<Secret>(isSecret, { error: (issue) => (issue.input === undefined ? "is missing" : "must be a text") }),
    env === undefined ? { secret: true } : { env, secret: true },
    description,
  )

/** A key that must be there when another key of its block has a certain value. */
export const requiredIf = <T extends z.ZodType>(
  schema: T,
  required_if: { readonly key: string; readonly is: string },
) => schema.optional().meta({ ...schema.meta(), required_if }) as z.ZodOptional<T>

/** A URL; a password in it is hidden from now on, wherever it would be shown. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be a URL that begins with https:// (or http://)" })
  .refine((url) => {
    hidePasswordOf(url)
    return true
  })

/** A URL to which paths are added. */
export const baseUrl = httpUrl.refine((url) => !/[?#]/.test(url), {
  error: "must be a URL without `?` and `#`: paths are added at its end",
})
