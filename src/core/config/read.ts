/**
 * Brings environment variables and secret files into the tree that came from the YAML file, guided by the schema: after
 * this the tree is what zod validates.
 */
import { z } from "zod"
import { ConfigError } from "../errors.ts"
import { secret_chars_min } from "../telemetry/secret-forms.ts"
import type { KeyNotes } from "./schema-parts.ts"
import { type Secret, secretFile, secretText, too_short } from "./secret.ts"

export type Tree = Record<string, unknown>
export type Env = Readonly<Record<string, string | undefined>>

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The schema below `.default()`, `.optional()` and the like. */
export const bare = (schema: z.ZodType): z.ZodType => {
  let inner = schema
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

/** The notes of a key, wherever in its chain of wrappers they were attached. */
export const notesOf = (schema: z.ZodType): KeyNotes & { description?: string } => {
  let notes: KeyNotes & { description?: string } = {}
  let inner: z.ZodType | undefined = schema
  while (inner !== undefined) {
    notes = { ...(inner.meta() as KeyNotes | undefined), ...notes }
    inner =
      "unwrap" in inner && !(inner instanceof z.ZodArray) ? ((inner as z.ZodOptional).unwrap() as z.ZodType) : undefined
  }
  return notes
}

/** A variable's text as the kind of value that the schema wants; text that fits no kind is left for zod to refuse. */
const fromText = (text: string, schema: z.ZodType): unknown => {
  const kind = bare(schema)
  if (kind instanceof z.ZodNumber && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text)
  if (kind instanceof z.ZodBoolean && /^(true|1|yes|on)$/i.test(text)) return true
  if (kind instanceof z.ZodBoolean && /^(false|0|no|off)$/i.test(text)) return false
  if (kind instanceof z.ZodArray)
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
  return text
}

/** What a variable that is a switch says; `undefined` when it is empty or not there. */
export const readSwitch = (env: Env, name: string): boolean | undefined => {
  const text = (env[name] ?? "").trim()
  if (text === "") return undefined
  if (/^(true|1|yes)$/i.test(text)) return true
  if (/^(false|0|no)$/i.test(text)) return false
  throw new ConfigError({ source: "environment", key: name, message: "must be true, 1 or yes, or else false, 0 or no" })
}

/** Where a block stands, and whether a variable wins over what the file says or only stands in for what it does not say. */
export interface Place {
  readonly source: string
  readonly path: string
  readonly env_wins?: boolean
}

/**
 * A copy of `tree` with variables set and secrets wrapped, for the keys of `shape`. In blocks that may occur several times
 * a variable could not say which one it means: there it only stands in for a missing value, or is left out.
 */
export const readBlock = (shape: Readonly<Record<string, z.ZodType>>, tree: Tree, env: Env, at: Place): Tree => {
  const block: Tree = { ...tree }
  for (const [key, schema] of Object.entries(shape)) {
    const path = at.path === "" ? key : `${at.path}.${key}`
    const inner = bare(schema)
    const notes = notesOf(schema)
    if (inner instanceof z.ZodObject) {
      const child = block[key] ?? {}
      const read = isTree(child) ? readBlock(inner.shape, child, env, { ...at, path }) : child
      // A block that nobody gives is not there, which is not the same as an empty one.
      if (block[key] !== undefined || Object.keys(read).length > 0) block[key] = read
    } else if (
      inner instanceof z.ZodArray &&
      Array.isArray(block[key]) &&
      bare(inner.element as z.ZodType) instanceof z.ZodObject
    ) {
      const element = bare(inner.element as z.ZodType) as z.ZodObject
      block[key] = (block[key] as unknown[]).map((child, i) =>
        isTree(child) ? readBlock(element.shape, child, {}, { ...at, path: `${path}[${i}]` }) : child,
      )
    } else if (notes.secret === true) {
      readSecret(block, key, notes.env, env, { ...at, path })
    } else if (notes.env !== undefined && env[notes.env] && (at.env_wins !== false || block[key] === undefined)) {
      block[key] = fromText(env[notes.env]!, schema)
    }
  }
  return block
}

const readSecret = (block: Tree, key: string, variable: string | undefined, env: Env, at: Place): void => {
  const file_key = `${key}_file`
  const is_given = block[key] !== undefined || block[file_key] !== undefined
  const name = at.env_wins === false && is_given ? undefined : variable
  // As in a file: `$(cat key)` loses the line end by itself, a value pasted into a form or an env file does not.
  const text = name === undefined ? undefined : env[name]?.trim() || undefined
  const file = name === undefined ? undefined : env[`${name}_FILE`] || undefined
  if (text !== undefined && file !== undefined) {
    throw new ConfigError({
      source: "environment",
      key: name!,
      message: `${name} and ${name}_FILE are both set; keep one`,
    })
  }
  if (text === undefined && file === undefined && block[key] !== undefined && block[file_key] !== undefined) {
    throw new ConfigError({
      source: at.source,
      key: at.path,
      message: `${key} and ${file_key} are both given; keep one`,
    })
  }
  const path = file ?? (text === undefined ? block[file_key] : undefined)
  const value = text ?? (file === undefined ? block[key] : undefined)
  if (typeof path === "string" && path !== "") block[key] = secretFile(path, at.path)
  else if (typeof value === "string" && value.trim() !== "") block[key] = longEnough(value.trim(), name, text, at)
  else if (typeof value === "number") block[key] = longEnough(String(value), name, text, at)
  else delete block[key]
  delete block[file_key]
}

/** A secret that is written down. One that is too short is a mistake, and would be cut out of every text in which it occurs. */
const longEnough = (value: string, variable: string | undefined, from_env: string | undefined, at: Place): Secret => {
  if (value.length >= secret_chars_min) return secretText(value)
  const place = from_env === undefined ? at.source : "environment"
  throw new ConfigError({ source: place, key: from_env === undefined ? at.path : variable!, message: too_short })
}
