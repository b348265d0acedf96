import { Effect } from "effect"
import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { case_entity, caseIdOf, example_case, getOperation, read } from "./case.ts"
import { cases as bounds } from "./limits.ts"

/** Falcon gives cases in any order (falcon-mcp): they are told in the order that was asked for, so that one of a search stays. */
const inOrder = (ids: readonly string[], resources: readonly unknown[]): readonly unknown[] => {
  const places = new Map<string, number>()
  for (const id of ids) if (!places.has(idKey(id))) places.set(idKey(id), places.size)
  const placeOf = (one: unknown) => places.get(idKey(caseIdOf(one) ?? "")) ?? places.size
  return resources.toSorted((one, other) => placeOf(one) - placeOf(other))
}

export const getCases = defineAction({
  slug: "get_cases",
  alias: "get_cases",
  title: "Get cases",
  description:
    "Retrieves cases by their ids, with status, assignee, tags, evidence and `version`. Cases are what took the place of incidents and behaviors.",
  arguments: z.strictObject({
    ids: idsArgument("Ids of cases, as search_cases gives them: not their `reference_id` (`ABC-1234`)."),
  }),
  resource: case_entity,
  example: { ids: [example_case] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: bounds.per_call,
  run: ({ ids }) =>
    callByIds({ ids, per_call: bounds.per_call, idOf: caseIdOf, operation: getOperation }).pipe(
      Effect.map((outcome) => ({ ...outcome, resources: inOrder(ids, outcome.resources) })),
    ),
})
