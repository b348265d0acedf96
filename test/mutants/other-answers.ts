/** Promises about answers of 2xx that are none to what was asked, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const noticed_by = "test/actions/other-answers.test.ts"
const whose =
  "What a playbook may repeat is told by the status: a failure of Falcon's that stands in a 200 is no fault of the request."

const judge = breaks({ file: "src/core/actions/judge.ts", noticed_by }, [
  {
    name: "an answer about another host says that ours is not there",
    promise: "An answer about something else says nothing about what was asked for.",
    find: "else if (strangers.size > 0)",
    replace: "else if (strangers.size > 1_000)",
  },
  {
    name: "what came too many is a result, and nobody hears of it",
    promise: "What an answer holds beside what was asked for is no result, and is told.",
    find: "if (is_stranger) found.set",
    replace: "if (is_stranger && found.size > 1_000) found.set",
  },
  {
    name: "a 500 whose body says that it was done is a success",
    promise: "A failure of Falcon's own is no success, whatever its body says.",
    find: "if (has_results && !doubt)",
    replace: "if (has_results)",
  },
])

const priority = breaks({ file: "src/core/actions/error-priority.ts", noticed_by }, [
  {
    name: "a 500 within a 200 is the caller's fault",
    promise: whose,
    find: '["unavailable", (code) => code >= 500]',
    replace: '["unavailable", (code) => code >= 5_000]',
  },
  {
    name: "a 429 within a 200 is the caller's fault",
    promise: whose,
    find: '["rate_limited", (code) => code === 429]',
    replace: '["rate_limited", (code) => code === 4_290]',
  },
  {
    name: "an error with the code 200 is the caller's fault",
    promise: whose,
    find: '["malformed", (code) => code < 400]',
    replace: '["malformed", (code) => code < 0]',
  },
])

const lists = [
  ...breaks({ file: "src/core/falcon/envelope.ts", noticed_by }, [
    {
      name: "a result rounds integers beyond 2^53",
      promise: "What Falcon says is told digit for digit.",
      find: ": exactJsonObject(text)",
      replace: ": (exactJsonObject(text) && JSON.parse(text))",
    },
  ]),
  ...breaks({ file: "src/core/falcon/paginate.ts", noticed_by }, [
    {
      name: "a host that came twice counts for two",
      promise: "An entry that came twice came in place of another one: the list is not whole.",
      find: "distinct.add(idIn(resource))",
      replace: "distinct.add({ resource })",
    },
    {
      name: "a search that goes on misses what the first one held",
      promise: "A search that goes on by a text does not know how far the first one came.",
      find: '(from) => typeof from === "string"',
      replace: '(from) => typeof from === "symbol"',
    },
  ]),
  ...breaks({ file: "src/plugins/iocs/search-indicators.ts", noticed_by }, [
    {
      name: "an empty body is a list of no indicators",
      promise: "A list that does not come says nothing.",
      find: "askForList(falcon.request, operation)",
      replace: "falcon.request(operation)",
    },
    {
      name: "a search of indicators is cut in silence",
      promise: "A search that ends before what Falcon counts says so.",
      find: "missing > 0)",
      replace: "missing > 1_000)",
    },
  ]),
]

const shown = [
  ...breaks({ file: "src/plugins/hosts/tag-hosts.ts", noticed_by }, [
    {
      name: "a host that shows no tags has none",
      promise: "What a host does not show is not known.",
      find: "const own = shown === null ? [] : shown",
      replace: "const own = shown ?? []",
    },
  ]),
  ...breaks({ file: "src/plugins/cases/case-tags.ts", noticed_by }, [
    {
      name: "a case that shows no tags has none",
      promise: "What a case does not show is not known.",
      find: "if (!showsTags(found)) return []",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/core/actions/guards-protected.ts", noticed_by: "test/actions/guards.test.ts" }, [
    {
      name: "a host that does not show its tags is not protected",
      promise: "A host that does not show by what it might be protected is not changed.",
      find: 'if (protection.tags.length > 0 && !Array.isArray(tags) && tags !== null) return "tags"',
      replace: "",
    },
    {
      name: "a host that is found neither with a tag nor without it is not protected",
      promise: "A host that does not show by what it might be protected is not changed.",
      find: "if (left === undefined) return tagged",
      replace: "if (left !== null) return tagged",
    },
    {
      name: "a filter that is answered with other hosts protects none",
      promise: "An answer to the filter that names other hosts, or not all that it counts, says nothing.",
      find: "if (filtered.length < Math.max",
      replace: "if (filtered.length < 0 * Math.max",
    },
  ]),
]

const groups = breaks({ file: "src/plugins/prevention-policies/perform-prevention-policy-action.ts", noticed_by }, [
  {
    name: "a policy whose groups are null may have got one",
    promise: "A policy that comes back without the group did not get it for certain.",
    find: "shown === null ? [] : shown",
    replace: "shown",
  },
])

const times = breaks({ file: "src/plugins/iocs/push-indicators.ts", noticed_by }, [
  {
    name: "a time that is none is long ago",
    promise: "An indicator of which Falcon does not tell when it was changed is not taken for an old one.",
    find: "return ms === undefined ? undefined : new Date(ms)",
    replace: "return ms === undefined ? String(time).slice(0, 10) : new Date(ms)",
  },
])

const intake = breaks({ file: "src/core/sekoia/intake.ts", noticed_by: "src/core/sekoia/intake.test.ts" }, [
  {
    name: "whatever stands in event_ids acknowledges an event",
    promise: "An intake acknowledges as many events as it names ids.",
    find: "ids.filter(isId).length",
    replace: "ids.length",
  },
  {
    name: "an error beside received is nothing",
    promise: "An error in a 200 of the intake that names no ids is no success.",
    find: " && !said.error && !said.errors",
    replace: "",
  },
])

const twice = breaks({ file: "src/core/assets/collect.ts", noticed_by: "test/assets/lists.test.ts" }, [
  {
    name: "an asset that is listed twice stands for itself alone",
    promise: "An entry that comes twice in a list stands in the place of another one, perhaps.",
    find: "(missing > 0 && repeated > 0)",
    replace: "(missing > 0 && repeated > 1_000)",
  },
])

const order = breaks({ file: "src/plugins/device-assets/source.ts", noticed_by: "test/assets/overlap.test.ts" }, [
  {
    name: "hosts out of order move the position page by page",
    promise: "Where hosts come in another order, the position moves at the end of the walk and not before.",
    find: "position: positionAt(in_order ? reached_ms : begun_ms)",
    replace: "position: positionAt(reached_ms)",
  },
])

export const other_answers: readonly Mutant[] = [
  ...order,
  ...twice,
  ...judge,
  ...priority,
  ...lists,
  ...shown,
  ...groups,
  ...times,
  ...intake,
]
