/** Adds things to a case or removes them, and says for each alert, event or tag what the case shows afterwards. */
import { Effect, Result } from "effect"
import type { Outcome } from "../../core/actions/action.ts"
import { callInBulk, type StateSeen } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { getOperation, isCase } from "./case.ts"
import { cases as bounds } from "./limits.ts"

interface Parts {
  readonly id: string
  /** Alerts, events or tags. */
  readonly parts: readonly string[]
  readonly operation: (parts: readonly string[]) => Operation
  /** Those that a case shows as added, or as removed. */
  readonly doneIn: (found: unknown) => readonly string[]
}

/**
 * Sends all of them in one call; when Falcon refuses it, it is bisected to the bad part. A refusal that names the case is about
 * all of them. What the answer does not show is read back from the case, which needs Cases: Read. The case is in the response once,
 * as it was shown last.
 */
export const changeParts = ({ id, parts, operation, doneIn }: Parts): Effect.Effect<Outcome, FalconError, Falcon> =>
  callInBulk({
    ids: parts,
    per_call: bounds.evidence_max,
    idOf: (resource) => (isCase(resource, id) ? doneIn(resource) : undefined),
    isAboutAll: ({ errors }) => errors.some((one) => one.id === id || one.message.includes(id)),
    missing: "Falcon accepted the call, and the case does not show it: accepted, not confirmed",
    lookAgain: (open) => lookFor(id, new Set(open.map((row) => idKey(row.id ?? ""))), doneIn),
    operation,
  }).pipe(Effect.map((outcome) => ({ ...outcome, resources: outcome.resources.slice(-1) })))

const lookFor = Effect.fnUntraced(function* (
  id: string,
  open: ReadonlySet<string>,
  doneIn: Parts["doneIn"],
): Effect.fn.Return<ReadonlyMap<string, StateSeen>, never, Falcon> {
  const falcon = yield* Falcon
  const answer = yield* Effect.result(falcon.request({ ...getOperation([id]), retry: "none" }))
  const found = Result.isSuccess(answer) ? answer.success.resources.find((one) => isCase(one, id)) : undefined
  if (found === undefined) return new Map()
  return new Map(
    doneIn(found)
      .filter((part) => open.has(idKey(part)))
      .map((part) => [part, { done: found }]),
  )
})
