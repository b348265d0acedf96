/** Reads from one answer of Falcon what became of each id of its call. Only what the answer shows as done counts as done. */
import type { Envelope } from "../falcon/envelope.ts"
import type { ApiError, FalconError, FalconReason } from "../falcon/errors.ts"
import { falcon } from "../falcon/limits.ts"
import { cleanText } from "../text.ts"
import type { RowError } from "./action.ts"
import { type Attributed, attribute, idKey, inOneError } from "./errors-by-id.ts"

/** What has to be known of a call to read its answer. */
export interface Reading {
  /** The call changes something: what the answer does not show as done or as refused may have happened. */
  readonly changes: boolean
  /** The id, or the ids, that a returned resource stands for; without it, only `meta.writes.resources_affected` tells what was done. */
  readonly idOf?: (resource: unknown) => string | readonly string[] | undefined
  /** Why a returned resource shows that the change was not made; `undefined` when it shows nothing of the kind. */
  readonly contradiction?: (resource: unknown) => string | undefined
  /** The error that a returned resource tells of its id, for answers that say for each id whether it was done. */
  readonly refusal?: (resource: unknown) => Pick<ApiError, "code" | "message"> | undefined
  /** Of a lookup: Falcon leaves out an id that it has nothing to tell about, which is no failure. */
  readonly may_be_absent?: true
  /** The message for an id that neither comes back nor is named by an error. */
  readonly missing?: string
}

export interface Judged {
  /** Every id that is not certainly done, with the reason. */
  readonly rows: ReadonlyMap<string, RowError>
  /** Ids that a refusal says nothing about: it was about the call as a whole. */
  readonly unexplained: readonly string[]
  /** Errors that are about none of the ids in particular. */
  readonly loose: readonly RowError[]
  /** Resources of the answer that stand for ids which were not asked for: they are no results. */
  readonly strangers: ReadonlySet<unknown>
}

type Answer = Pick<Envelope, "status" | "resources" | "errors" | "affected">
type Known = Omit<Judged, "strangers">

const not_found = "Falcon does not know this id"
const other_answer = "Falcon answered with something else than was asked for, and says nothing of this id"

/** How many ids that were not asked for an error names. */
const strangers_named_max = 3

/** Reasons after which a change may have been made. They are final: a call that may be repeated has been repeated. */
export const in_doubt: readonly FalconReason[] = ["outcome_unknown", "malformed", "unavailable", "timeout"]

/** Judges a 2xx answer, or a refusal that carries results all the same. */
export const judge = (ids: readonly string[], answer: Answer, reading: Reading): Judged => {
  const strangers = strangersIn(ids, answer.resources, reading)
  const judged = reading.changes ? judgeChange(ids, answer, reading) : judgeLookup(ids, answer, reading, strangers)
  const named = strangers.size === 0 ? [] : [aboutStrangers(answer, strangers, reading)]
  return { ...judged, loose: [...judged.loose, ...named], strangers: new Set(strangers.keys()) }
}

/** Judges a failed call. It may still carry results, and say per id what was refused. */
export const judgeFailure = (ids: readonly string[], error: FalconError, reading: Reading): Judged => {
  const { resources = [], affected = 0 } = error
  const doubt = reading.changes && in_doubt.includes(error.reason)
  const has_results = (reading.idOf !== undefined && resources.length > 0) || (reading.changes && affected > 0)
  // A failure of Falcon's own is no success, whatever its body says was done.
  if (has_results && !doubt) {
    return judge(
      ids,
      { status: error.status ?? 502, resources, errors: error.errors, affected: error.affected },
      reading,
    )
  }
  const { named } = attribute(ids, error.errors)
  const rowOf = (id: string): RowError => {
    const { code = error.status ?? 502, message = error.message } = named.get(id) ?? {}
    return doubt ? unconfirmed(id, code, message) : { id, code, message }
  }
  return {
    rows: new Map(ids.map((id) => [id, rowOf(id)])),
    unexplained: ids.filter((id) => !named.has(id)),
    loose: [],
    strangers: new Set(resources),
  }
}

/**
 * The resources that stand for something else than what was asked for, each with its id: an answer to another question, or more than one id
 * was good for. Of a lookup also those whose id cannot be read. A resource that stands for several ids is none.
 */
const strangersIn = (
  ids: readonly string[],
  resources: readonly unknown[],
  { idOf, changes }: Reading,
): ReadonlyMap<unknown, string | undefined> => {
  const asked = new Set(ids.map(idKey))
  const found = new Map<unknown, string | undefined>()
  if (idOf === undefined) return found
  for (const resource of resources) {
    const id = idOf(resource)
    const is_stranger = typeof id === "string" ? !asked.has(idKey(id)) : id === undefined && !changes
    if (is_stranger) found.set(resource, typeof id === "string" ? id : undefined)
  }
  return found
}

const aboutStrangers = (
  { status }: Answer,
  strangers: ReadonlyMap<unknown, string | undefined>,
  { changes }: Reading,
): RowError => {
  const named = [...strangers.values()].filter((id) => id !== undefined).slice(0, strangers_named_max)
  const which = named.length === 0 ? "" : `: ${named.map((id) => cleanText(id, falcon.id_chars_max)).join(", ")}`
  const what = changes ? "named as changed, look whether they are" : "left out"
  return { code: status, message: `Falcon's answer holds ${strangers.size} that were not asked for, ${what}${which}` }
}

/** For a lookup: an id whose resource came back is found, whatever the errors say. */
const judgeLookup = (
  ids: readonly string[],
  answer: Answer,
  reading: Reading,
  strangers: ReadonlyMap<unknown, unknown>,
): Known => {
  const { named, nameless } = attribute(ids, answer.errors)
  const back = keysOf(answer.resources, reading)
  const rows = new Map<string, RowError>()
  for (const id of ids) {
    if (back.has(idKey(id))) continue
    const own = named.get(id)
    if (own !== undefined) rows.set(id, { id, code: own.code, message: own.message })
    else if (nameless.length > 0) rows.set(id, { id, ...inOneError(nameless, 404) })
    else if (strangers.size > 0) rows.set(id, { id, code: 502, message: other_answer })
    else if (reading.may_be_absent !== true) rows.set(id, { id, code: 404, message: reading.missing ?? not_found })
  }
  const beside = [...named.values()].filter(({ id = "" }) => !rows.has(id))
  return { rows, unexplained: [], loose: [...beside, ...(rows.size === 0 ? withoutIds(nameless) : [])] }
}

const judgeChange = (ids: readonly string[], answer: Answer, reading: Reading): Known => {
  const attributed = attribute(ids, answer.errors)
  const rows = new Map<string, RowError>()
  for (const [id, error] of attributed.named) rows.set(id, refused(id, error))
  return reading.idOf === undefined
    ? judgeCount(ids, answer, attributed, rows)
    : judgeReturned(ids, answer, reading, attributed, rows)
}

/** For a change that returns no resources: Falcon's count decides. When it counts fewer than were sent, nobody knows which. */
const judgeCount = (
  ids: readonly string[],
  { affected, status }: Answer,
  { nameless }: Attributed,
  rows: Map<string, RowError>,
): Known => {
  const left = ids.filter((id) => !rows.has(id))
  if (affected !== undefined && affected >= left.length) return { rows, unexplained: [], loose: withoutIds(nameless) }
  const count = affected === undefined ? "does not say how many" : `counts ${affected} of these ${ids.length}`
  const quote = nameless.length === 0 ? "" : `: ${inOneError(nameless, status).message}`
  for (const id of left) {
    if (affected === 0 && nameless.length > 0) rows.set(id, refused(id, inOneError(nameless, status)))
    else rows.set(id, unconfirmed(id, status, `Falcon answered ${status} and ${count} as changed${quote}`))
  }
  return { rows, unexplained: [], loose: [] }
}

const judgeReturned = (
  ids: readonly string[],
  { affected, resources, status }: Answer,
  reading: Reading,
  { nameless }: Attributed,
  rows: Map<string, RowError>,
): Known => {
  const back = keysOf(resources, reading)
  const against = new Map<string, string>()
  const refusals = new Map<string, Pick<ApiError, "code" | "message">>()
  for (const resource of resources) {
    const why = reading.contradiction?.(resource)
    const no = reading.refusal?.(resource)
    for (const id of [reading.idOf?.(resource) ?? []].flat()) {
      if (why !== undefined) against.set(idKey(id), why)
      if (no !== undefined) refusals.set(idKey(id), no)
    }
  }
  for (const id of ids) {
    const no = refusals.get(idKey(id))
    if (no !== undefined && !rows.has(id)) rows.set(id, refused(id, no))
  }
  const returned = ids.filter((id) => !rows.has(id) && back.has(idKey(id)))
  const absent = ids.filter((id) => !rows.has(id) && !back.has(idKey(id)))
  for (const id of returned) {
    const why = against.get(idKey(id))
    if (why !== undefined) rows.set(id, unconfirmed(id, status, why))
    else if (affected !== undefined && affected < returned.length) {
      const message = `Falcon returned it, but counts ${affected} of these ${ids.length} as changed`
      rows.set(id, unconfirmed(id, status, message))
    }
  }
  // As many errors as ids that are left: each is about one of them, unless Falcon counts more as changed than it returned.
  const explained = nameless.length >= absent.length && (affected ?? 0) <= returned.length
  for (const id of absent) {
    if (explained) rows.set(id, refused(id, inOneError(nameless, status)))
    else rows.set(id, unconfirmed(id, status, reading.missing ?? `${silence(status)}${quoted(nameless, status)}`))
  }
  const loose = absent.length === 0 ? withoutIds(nameless) : []
  return { rows, unexplained: [], loose }
}

const silence = (status: number) =>
  `Falcon answered ${status}, and says of this id neither that it was done nor that it was not`

const quoted = (nameless: readonly ApiError[], status: number) =>
  nameless.length === 0 ? "" : `: ${inOneError(nameless, status).message}`

/** An error for one id of a change: a 5xx leaves it in doubt, anything else is a refusal. */
export const refused = (id: string, { code, message }: Pick<ApiError, "code" | "message">): RowError =>
  code >= 500 ? unconfirmed(id, code, message) : { id, code, message }

const unconfirmed = (id: string, code: number, message: string): RowError => ({
  id,
  code,
  message,
  outcome: "unconfirmed",
})

const withoutIds = (errors: readonly ApiError[]): readonly RowError[] =>
  errors.map(({ code, message }) => ({ code, message }))

const keysOf = (resources: readonly unknown[], { idOf }: Reading): ReadonlySet<string> =>
  new Set(resources.flatMap((resource) => idOf?.(resource) ?? []).map(idKey))
