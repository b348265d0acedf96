/** Falcon's common answer `{meta, errors, resources}`. */
import type { HttpAnswer } from "../http/client/http.ts"
import { exactJsonObject, fieldsOf, isObject, type JsonObject } from "../json-object.ts"
import { whyTooCostly } from "../json-size.ts"
import { cleanText, cleanTextOr } from "../text.ts"
import type { ApiError } from "./errors.ts"
import { falcon } from "./limits.ts"

/** A 2xx answer. `errors` beside `resources` is a partial success: both count. */
export interface Envelope {
  readonly status: number
  readonly trace_id: string | undefined
  /** `[]` also when Falcon said `null`, nothing, or sent an empty body; see `has_resources`. */
  readonly resources: readonly unknown[]
  /** Falcon sent a list. Where it did not, an empty `resources` says nothing: absence is not "none". */
  readonly has_resources: boolean
  readonly errors: readonly ApiError[]
  /** `meta.writes.resources_affected`: how much a change has changed, where Falcon counts it (gofalcon `MsaMetaInfo`). */
  readonly affected: number | undefined
  /** `meta.pagination`; its keys differ from one API family to the next. */
  readonly pagination: Readonly<Record<string, unknown>> | undefined
  readonly meta: Readonly<Record<string, unknown>>
  /** To a change of which an earlier try got no answer: what this answer refuses, that one may have done. */
  readonly after_doubt?: true
  /** The body as it came. */
  readonly text: string
}

/**
 * Reads any answer, whatever its status. An empty body is an empty envelope (Falcon does that on 200, elastic/beats PR
 * 51737); `undefined` when the body is no JSON object,
 * or one that no answer comes near to: parsing that could fill the memory.
 */
export const parseEnvelope = (answer: HttpAnswer): Envelope | undefined => {
  const body = answer.text.trim() === "" ? {} : parseObject(answer.text)
  return body === undefined ? undefined : envelopeOf(answer, body)
}

/** What an answer tells without its body. */
export const emptyEnvelope = (answer: HttpAnswer): Envelope => envelopeOf(answer, {})

const envelopeOf = (answer: HttpAnswer, body: JsonObject): Envelope => {
  const meta = fieldsOf(body.meta)
  const trace_id = answer.headers.get("x-cs-traceid") ?? meta.trace_id
  return {
    status: answer.status,
    trace_id: cleanTextOr(trace_id, falcon.id_chars_max, undefined),
    resources: Array.isArray(body.resources) ? body.resources : [],
    has_resources: Array.isArray(body.resources),
    errors: apiErrors(errorsOf(body.errors), answer.status),
    affected: affectedIn(meta.writes),
    pagination: isObject(meta.pagination) ? meta.pagination : undefined,
    meta,
    text: answer.text,
  }
}

/** Whatever stands there: an error that comes alone, without its list, is one all the same. */
const errorsOf = (errors: unknown): readonly unknown[] => {
  if (Array.isArray(errors)) return errors
  const is_none = !errors || (isObject(errors) && Object.keys(errors).length === 0)
  return is_none ? [] : [errors]
}

/** Falcon's errors, as many as one call can have ids; that there were more is told as one more. */
const apiErrors = (errors: readonly unknown[], status: number): ApiError[] => {
  const read = errors.slice(0, falcon.errors_max).map((error) => apiError(error, status))
  const more = errors.length - read.length
  return more === 0 ? read : [...read, { code: status, message: `and ${more} more errors, which are not kept` }]
}

const affectedIn = (writes: unknown): number | undefined => {
  const affected = fieldsOf(writes).resources_affected
  return typeof affected === "number" && affected >= 0 ? affected : undefined
}

const apiError = (value: unknown, status: number): ApiError => {
  const error = isObject(value) ? value : { message: value }
  const code = Number(error.code)
  return {
    code: Number.isInteger(code) && code > 0 ? code : status,
    message: cleanTextOr(error.message, falcon.error_chars_max, "no reason given"),
    ...(typeof error.id === "string" && { id: cleanText(error.id, falcon.id_chars_max) }),
  }
}

const parseObject = (text: string): JsonObject | undefined =>
  text.length > falcon.unparsed_bytes_max && whyTooCostly(text, falcon.json) !== undefined
    ? undefined
    : exactJsonObject(text)
