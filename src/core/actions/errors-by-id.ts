/** Finds out which id each error of Falcon is about: it says so in `id`, only in its text, or not at all. */
import type { ApiError } from "../falcon/errors.ts"

/** Ids shorter than this are not looked for in texts, since they may be ordinary words. Falcon's have 32 characters and more. */
const quotable_chars_min = 16

/** How many errors that name no id a row error quotes. */
const quoted_max = 3

export interface Attributed {
  /** By id, as it was asked for; the first error of each. */
  readonly named: ReadonlyMap<string, ApiError>
  /** Errors about none of the ids in particular, or about something that was not asked for. */
  readonly nameless: readonly ApiError[]
}

/** The form in which ids are compared: lower case, as Falcon answers whatever it was asked in. */
export const idKey = (id: string): string => id.toLowerCase()

/**
 * Gives every error to the ids that it names, in `id` or in its text ("No matching device found for ID …": containment tells
 * ids only there, as CrowdStrike's Ansible collection reads it). One text may name several.
 */
export const attribute = (ids: readonly string[], errors: readonly ApiError[]): Attributed => {
  const by_key = new Map(ids.map((id) => [idKey(id), id]))
  const named = new Map<string, ApiError>()
  const nameless: ApiError[] = []
  for (const error of errors) {
    const own = error.id === undefined ? undefined : by_key.get(idKey(error.id))
    const about = own === undefined ? quotedIn(error.message, by_key) : [own]
    for (const id of about) if (!named.has(id)) named.set(id, { ...error, id })
    if (about.length === 0) nameless.push(error)
  }
  return { named, nameless }
}

/** The ids that stand as whole words in a text; `ID:<id>` counts, and so does an id that holds colons itself. */
const quotedIn = (text: string, by_key: ReadonlyMap<string, string>): readonly string[] => {
  const found = new Set<string>()
  for (const [word] of text.matchAll(/[\w:.-]{16,}/g)) {
    const whole = idKey(word.replace(/[.:-]+$/, ""))
    for (let at = 0; at !== -1 && whole.length - at >= quotable_chars_min; at = after(whole, at)) {
      const id = by_key.get(whole.slice(at))
      if (id === undefined) continue
      found.add(id)
      break
    }
  }
  return [...found]
}

const after = (text: string, at: number): number => {
  const colon = text.indexOf(":", at)
  return colon === -1 ? -1 : colon + 1
}

/** One code and message for an id that one of these errors must be about, when none says about which. */
export const inOneError = (errors: readonly ApiError[], fallback_code: number): Pick<ApiError, "code" | "message"> => {
  const codes = new Set(errors.map(({ code }) => code))
  const messages = [...new Set(errors.map(({ message }) => message))]
  const [first = fallback_code] = codes
  const code = codes.size === 1 ? first : fallback_code
  if (messages.length === 1) return { code, message: messages[0]! }
  return { code, message: `Falcon does not say which is about this id: ${messages.slice(0, quoted_max).join("; ")}` }
}
