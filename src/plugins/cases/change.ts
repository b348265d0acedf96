/** Sets fields of a case. */
import { Effect, Result } from "effect"
import type { Outcome, RowError } from "../../core/actions/action.ts"
import { callInBulk, type StateSeen } from "../../core/actions/bulk.ts"
import { withErrors } from "../../core/actions/error-priority.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { caseIdOf, getOperation, isCase, patchOperation, versionOf } from "./case.ts"

interface Change {
  readonly id: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly expected_version?: number | undefined
}

/**
 * Sets fields of one case. After a 409, which says that the case has changed since it was read, it is read back, and the failure
 * tells which version it has by now; without the scope Cases: Read, that it could not be read. Where no version was asked for and the case already shows every
 * field as wanted, a conflict is no failure. An answer that shows a field otherwise than it was set is no success: the case is read back, too.
 */
export const changeCase = ({ id, fields, expected_version }: Change): Effect.Effect<Outcome, FalconError, Falcon> =>
  callInBulk({
    ids: [id],
    per_call: 1,
    idOf: caseIdOf,
    contradiction: (resource) => contradictionIn(resource, fields),
    missing: "Falcon accepted the call without showing the case: accepted, not confirmed",
    lookAgain: ([row]) => (row === undefined ? Effect.succeed(new Map()) : lookAt(row, fields, expected_version)),
    operation: () => patchOperation(id, fields, expected_version),
  }).pipe(
    Effect.mapError((error) => {
      const [row] = error.errors
      return error.status === 409 && row !== undefined ? withErrors(error, error.errors, row.message) : error
    }),
  )

const lookAt = Effect.fnUntraced(function* (
  row: RowError,
  fields: Readonly<Record<string, unknown>>,
  expected: number | undefined,
): Effect.fn.Return<ReadonlyMap<string, StateSeen>, never, Falcon> {
  const falcon = yield* Falcon
  const id = row.id ?? ""
  const answer = yield* Effect.result(falcon.request({ ...getOperation([id]), retry: "none" }))
  const found = Result.isSuccess(answer) ? answer.success.resources.find((one) => isCase(one, id)) : undefined
  const version = versionOf(found)
  // After a conflict somebody else may have set the same; an accepted change has the version that was asked for.
  const may_be_ours = expected === undefined || row.code !== 409
  if (may_be_ours && found !== undefined && shows(found, fields)) return new Map([[id, { done: found }]])
  if (row.code !== 409) return new Map()
  const now =
    version === undefined
      ? `its version by now could not be read${Result.isFailure(answer) ? `: ${answer.failure.message}` : ""}`
      : `it has version ${version} by now`
  const asked = expected === undefined ? "" : ` and not ${expected}`
  return new Map([[id, { row: { ...row, message: `${row.message}: ${now}${asked}; read it again, then decide` } }]])
})

/** How a case shows what was set. Texts are not compared: Falcon may write them its own way. The template is not shown. */
const shown: Readonly<Record<string, (found: Shown, wanted: unknown) => boolean | undefined>> = {
  status: ({ status }, wanted) => (status == null ? undefined : status === wanted),
  severity: ({ severity }, wanted) => (severity == null ? undefined : Number(severity) === wanted),
  assigned_to_user_uuid: ({ assigned_to }, wanted) =>
    assigned_to === undefined ? undefined : idKey(assigned_to?.uuid ?? "") === idKey(String(wanted)),
  remove_user_assignment: ({ assigned_to }) => (assigned_to === undefined ? undefined : !assigned_to?.uuid),
}

interface Shown {
  readonly status?: unknown
  readonly severity?: unknown
  readonly assigned_to?: { readonly uuid?: string } | null
}

const showsField = (found: unknown, name: string, wanted: unknown): boolean | undefined => {
  const { status, severity, assigned_to } = (found ?? {}) as Readonly<Record<string, unknown>>
  const uuid = (assigned_to as { readonly uuid?: unknown } | null | undefined)?.uuid
  const user = assigned_to === undefined ? {} : { assigned_to: typeof uuid === "string" ? { uuid } : null }
  return shown[name]?.({ status, severity, ...user }, wanted)
}

/** The fields that a returned case shows otherwise than they were set; one that it does not show says nothing. */
const contradictionIn = (found: unknown, fields: Readonly<Record<string, unknown>>): string | undefined => {
  const names = Object.entries(fields).flatMap(([name, value]) =>
    value !== undefined && showsField(found, name, value) === false ? [name] : [],
  )
  return names.length === 0 ? undefined : `Falcon returned the case with another ${names.join(" and ")} than was set`
}

/** Whether a case shows every field as it was set, texts as they are. */
const shows = (found: unknown, fields: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(fields).every(
    ([name, value]) =>
      value === undefined ||
      (showsField(found, name, value) ?? (found as Readonly<Record<string, unknown>>)[name] === value),
  )
