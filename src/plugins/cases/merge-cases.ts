import { Effect, Result } from "effect"
import { z } from "zod"
import { defineAction, type Outcome, type RowError } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { Planning } from "../../core/actions/dry-run.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { type Envelope, Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import {
  case_entity,
  caseId,
  caseIdOf,
  type EvidenceKind,
  evidenceOf,
  example_case,
  getOperation,
  isCase,
  read,
  versionOf,
  write,
} from "./case.ts"

interface Pair {
  readonly destination_id: string
  readonly source_id: string
}

/** `POST /cases/entities/merge/v1` (gofalcon `EntitiesMergePostV1`, crowdstrike-falcon). Its answer has no resources. */
const mergeOperation = ({ destination_id, source_id }: Pair): Operation => ({
  name: "cases.merge",
  method: "POST",
  path: "/cases/entities/merge/v1",
  body: { destination_id, source_id },
  idempotent: false,
  scopes: write,
})

const kinds: readonly EvidenceKind[] = ["alerts", "events", "leads"]

/**
 * Whether a case shows that another was merged into it: it has that one's evidence or, where that one had none which it did not have
 * before, a new version.
 */
const isMerged = (source: unknown, before: unknown, after: unknown): boolean => {
  const [own, had, has] = [source, before, after].map((one) =>
    kinds.flatMap((kind) => evidenceOf(one, kind).map(idKey)),
  )
  const moved = own!.filter((id) => !had!.includes(id))
  if (moved.length > 0) return moved.every((id) => has!.includes(id))
  return (versionOf(after) ?? 0) > (versionOf(before) ?? Number.POSITIVE_INFINITY)
}

const merge = Effect.fnUntraced(function* (pair: Pair): Effect.fn.Return<Outcome, FalconError, Falcon> {
  const falcon = yield* Falcon
  const { destination_id, source_id } = pair
  const ids = [destination_id, source_id]
  const planning = yield* Planning
  const looked = yield* callInBulk({ ids, per_call: ids.length, idOf: caseIdOf, operation: getOperation })
  // Of two cases one that is unknown keeps the other from being merged.
  if (!planning && looked.failed > 0) return { ...looked, resources: [], requested: 1, succeeded: 0, failed: 1 }
  const caseIn = (resources: readonly unknown[], id: string) => resources.find((one) => isCase(one, id))
  const answer = yield* falcon.request(mergeOperation(pair))
  const again = yield* Effect.result(falcon.request(getOperation(ids)))
  const after = Result.isSuccess(again) ? caseIn(again.success.resources, destination_id) : undefined
  const shows = isMerged(caseIn(looked.resources, source_id), caseIn(looked.resources, destination_id), after)
  const is_done = shows && answer.errors.length === 0
  const trace_ids = [...looked.trace_ids, ...(answer.trace_id === undefined ? [] : [answer.trace_id])]
  const errors = is_done ? [] : [openRow(source_id, answer, shows)]
  const resources = is_done ? [after] : []
  return { resources, errors, trace_ids, requested: 1, succeeded: resources.length, failed: errors.length }
})

/** An error within a 2xx is a refusal, unless the case shows the merge all the same. Without one, what it does not show is unconfirmed. */
const openRow = (id: string, { errors, status }: Envelope, shows: boolean): RowError => {
  const [first] = errors
  if (first !== undefined && first.code < 500 && !shows) return { id, code: first.code, message: first.message }
  const message = first?.message ?? "Falcon accepted the call, and the other case does not show it yet: not confirmed"
  return { id, code: first?.code ?? status, message, outcome: "unconfirmed" }
}

export const mergeCases = defineAction({
  slug: "merge_cases",
  title: "Merge cases",
  description:
    "Merges one case into another, which takes its evidence over. Looks at both before and after; cannot be undone.",
  arguments: z
    .strictObject({
      destination_id: caseId("The id of the case that stays."),
      source_id: caseId("The id of the case that is merged into it."),
    })
    .refine((pair) => idKey(pair.destination_id) !== idKey(pair.source_id), {
      path: ["source_id"],
      message: "must be another case than destination_id",
    }),
  resource: case_entity,
  example: { destination_id: example_case, source_id: "c0ffee00b1d24e5f9a7c3e21d4b6f802" },
  scopes: [...read, ...write],
  changes: true,
  destructive: true,
  idempotent: false,
  run: merge,
})
