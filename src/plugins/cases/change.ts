/** Sets fields of a case. */
import { Effect, Result } from "effect"
import type { Outcome, RowError } from "../../core/actions/action.ts"
import { callInBulk, type StateSeen } from "../../core/actions/bulk.ts"
import { withErrors } from "../../core/actions/error-priority.ts"
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
 * field as wanted, a conflict is no failure.
 */
export const changeCase = ({ id, fields, expected_version }: Change): Effect.Effect<Outcome, FalconError, Falcon> =>
  callInBulk({
    ids: [id],
    per_call: 1,
    idOf: caseIdOf,
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
  if (expected === undefined && found !== undefined && shows(found, fields)) return new Map([[id, { done: found }]])
  if (row.code !== 409) return new Map()
  const now =
    version === undefined
      ? `its version by now could not be read${Result.isFailure(answer) ? `: ${answer.failure.message}` : ""}`
      : `it has version ${version} by now`
  const asked = expected === undefined ? "" : ` and not ${expected}`
  return new Map([[id, { row: { ...row, message: `${row.message}: ${now}${asked}; read it again, then decide` } }]])
})

/** Only what a case shows under the name that it is set by: the assignment and the template are not. */
const shows = (found: unknown, fields: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(fields).every(([key, value]) => (found as Readonly<Record<string, unknown>>)[key] === value)
