/** Reads from Falcon's answers what it says against single rows. */
import type { ApiError } from "../../core/falcon/errors.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { cleanText } from "../../core/text.ts"
import { indicatorOf, keyOf } from "./indicator.ts"
import { iocs } from "./limits.ts"
import type { WriteRow } from "./write-row.ts"

/** An indicator that was written, not a complaint about one: it has an id, which only success gives. */
export const isTaken = (resource: unknown): boolean =>
  complaintOf(resource) === undefined &&
  typeof fieldsOf(resource).id === "string" &&
  indicatorOf(resource) !== undefined

/**
 * Falcon's complaint about a row, which stands among the resources, also of a 201: `message_type` is `error`, or there is a
 * message or an error that no indicator has (gofalcon `APIIndicatorV1`). A warning is none.
 */
const complaintOf = (resource: unknown): string | undefined => {
  const { message, message_type, error, errors } = fieldsOf(resource)
  const kind = typeof message_type === "string" ? message_type.toLowerCase() : undefined
  if (kind === "warning" || kind === "info") return undefined
  const words = [message, error, ...(Array.isArray(errors) ? errors : [errors])].flatMap(wordsOf)
  if (kind === undefined && words.length === 0) return undefined
  return words.length === 0 ? `Falcon says ${kind} without a reason` : words.join("; ")
}

const wordsOf = (value: unknown): readonly string[] => {
  const text = typeof value === "string" ? value : fieldsOf(value).message
  return typeof text === "string" && text !== "" ? [text] : []
}

/**
 * The rows that an answer complains about, by key. Nothing documents how (`MsaspecResponseFields` is only `meta` and `errors`), so
 * each way is read that leaves no doubt: an error whose `id` is the row's key, id or value; an explanation among the
 * resources with the row's `type` and `value`, or `id`; an error whose text quotes the value of exactly one row. An
 * explanation by row number is not read: it does not say whether it counts from 0 or 1.
 */
export const complaintsByRow = (
  rows: readonly WriteRow[],
  errors: readonly ApiError[],
  resources: readonly unknown[],
): ReadonlyMap<string, ApiError> => {
  const by_name = new Map<string, string | undefined>()
  for (const { key, body } of rows) {
    const value = typeof body.value === "string" ? body.value.toLowerCase() : key
    by_name.set(value, by_name.has(value) ? undefined : key)
  }
  for (const { key } of rows) by_name.set(key, key)
  const found = new Map<string, ApiError>()
  const add = (name: string, error: ApiError) => {
    const key = by_name.get(name.toLowerCase())
    if (key !== undefined && !found.has(key)) found.set(key, error)
    return key !== undefined
  }
  for (const resource of resources) {
    const { id, type, value } = fieldsOf(resource)
    const complaint = complaintOf(resource)
    if (complaint === undefined) continue
    const error: ApiError = { code: 400, message: cleanText(complaint, iocs.reason_chars_max) }
    if (typeof value === "string" && add(typeof type === "string" ? keyOf({ type, value }) : value, error)) continue
    if (typeof id === "string") add(id, error)
  }
  for (const error of errors) {
    if (error.id !== undefined && add(error.id, error)) continue
    const quoted = [...error.message.matchAll(/'([^']+)'|"([^"]+)"/g)].map((match) => match[1] ?? match[2]!)
    const keys = new Set(quoted.map((text) => by_name.get(text.toLowerCase())).filter((key) => key !== undefined))
    const [key] = keys
    if (keys.size === 1 && key !== undefined) add(key, error)
  }
  return found
}
