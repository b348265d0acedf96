import { Effect } from "effect"
import { callInBulk } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { lookupAction } from "../../core/actions/lookup-action.ts"
import { case_details, case_entity, caseIdOf, example_case } from "./case.ts"

/** Sorts cases into the order that was asked for, as a search gave it; Falcon returns them in any order (falcon-mcp). */
const inOrder = (ids: readonly string[], resources: readonly unknown[]): readonly unknown[] => {
  const places = new Map<string, number>()
  for (const id of ids) if (!places.has(idKey(id))) places.set(idKey(id), places.size)
  const placeOf = (one: unknown) => places.get(idKey(caseIdOf(one) ?? "")) ?? places.size
  return resources.toSorted((one, other) => placeOf(one) - placeOf(other))
}

export const getCases = lookupAction({
  slug: "get_cases",
  title: "Get cases",
  description:
    "Retrieves cases by their ids, with status, assignee, tags, evidence and `version`. Cases are what took the place of incidents and behaviors.",
  ids: "Ids of cases, as search_cases gives them: not their `reference_id` (`ABC-1234`).",
  example_ids: [example_case],
  resource: case_entity,
  call: case_details,
  send: (call) =>
    Effect.map(callInBulk(call), (outcome) => ({ ...outcome, resources: inOrder(call.ids, outcome.resources) })),
})
