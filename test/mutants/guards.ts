/** Promises of the guard rails and of approvals, and about cases, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const operations = "docs/operations.md"
const guards_test = "test/actions/guards.test.ts"
const hour_test = "test/actions/guards-hour.test.ts"
const approvals_test = "test/actions/approvals.test.ts"
const cases_test = "test/actions/case-management.test.ts"

const guards = breaks({ file: "src/core/actions/guards.ts", noticed_by: guards_test }, [
  {
    name: "a run of too many hosts passes",
    promise: "guards.hosts_per_run_max: a larger run is refused before anything is sent.",
    page: operations,
    find: "hosts.length <= hosts_per_run_max",
    replace: "hosts.length <= hosts_per_run_max + 1",
  },
  {
    name: "a host that cannot be looked at is not protected",
    promise: "What cannot be checked is refused: nothing is changed.",
    find: "return new Refusal({ problem: { ...problem, detail } })",
    replace: "return (problem.status > 0 ? [] : detail) as unknown as Refusal",
  },
  {
    name: "a dry run does not tell what the guards would refuse",
    promise: "Guards are told in dry runs.",
    page: operations,
    find: "if (too_many !== undefined) told.push",
    replace: "if (too_many === null) told.push",
  },
])

const protection = breaks({ file: "src/core/actions/guards-protected.ts", page: operations, noticed_by: guards_test }, [
  {
    name: "a host that Falcon says nothing about is not protected",
    promise: "Where Falcon says nothing about a host, nothing is changed.",
    find: "if (left_out === undefined) return",
    replace: "if (left_out !== null) return",
  },
  {
    name: "a filter that is answered without a list protects nobody",
    promise: "Where the lookup says nothing, nothing is changed.",
    find: "yield* failWithoutList(operation, yield* askForList(falcon.request, operation))",
    replace: "yield* askForList(falcon.request, operation)",
  },
  {
    name: "a 404 that names nobody says of every host that it is unknown",
    promise: "Where the lookup says nothing, nothing is changed: an unknown host is one that Falcon names.",
    find: "    silent.push(...some",
    replace: "    if (errors.length === 0) silent.push(...some",
  },
  {
    name: "a protected name is compared as it is written",
    promise: "A protected host is never changed: upper and lower case of its name and its tags make no difference.",
    find: 'named.has(idKey(String(host.hostname ?? "")))',
    replace: 'hostnames.includes(String(host.hostname ?? ""))',
  },
  {
    name: "the filter protects nobody",
    promise: "guards.protected.filter protects every host that it finds.",
    find: '  if (filter !== "") {',
    replace: '  if (filter === "") {',
  },
])

const hour = breaks({ file: "src/core/actions/guards-hour.ts", noticed_by: hour_test }, [
  {
    name: "runs at once pass the hour together",
    promise: "Two runs at once never pass together what one of them alone may.",
    find: "if (union(all, keys).size <= max) return undefined",
    replace: "if (union(all, keys).size <= max * 1_000) return undefined",
  },
  {
    name: "a restart forgets the hosts of the hour",
    promise: "guards.hosts_per_hour_max counts restarts and other processes, too.",
    page: operations,
    find: "return lines.filter((line) => !isOver(line, now_ms))",
    replace: "return lines.filter((line) => own.has(line.id) && !isOver(line, now_ms))",
  },
  {
    name: "a refused run keeps its hosts in the hour",
    promise: "A run that is refused takes its line back.",
    find: "    yield* append({ release: line.id })\n",
    replace: "",
  },
])

const approvals = breaks({ file: "src/core/actions/approvals.ts", noticed_by: approvals_test }, [
  {
    name: "whoever asked may approve",
    promise: "Who asked for a run cannot approve it.",
    find: "if (run.who === name || run.owner === owner) {",
    replace: 'if (run.who === name && run.owner === "") {',
  },
  {
    name: "an approval is good for ever",
    promise: "What nobody approves within half an hour is gone.",
    find: "return now_ms >= Date.parse(until) ||",
    replace: "return now_ms >= 2 * Date.parse(until) ||",
  },
  {
    name: "a file that cannot be read stops all approvals",
    promise: "A waiting run that cannot be read keeps no other one from being approved.",
    find: "const run = yield* readOrTell(id)",
    replace: "const run = yield* Effect.orDie(records.read(id))",
  },
])

const merge = breaks({ file: "src/plugins/cases/merge-cases.ts", noticed_by: cases_test }, [
  {
    name: "a merge that answers 200 is done",
    promise: "A merge is done when the other case shows the evidence, and unconfirmed until then.",
    page: operations,
    find: "const is_done = shows && ",
    replace: "const is_done = ",
  },
  {
    name: "evidence that a case had before shows a merge",
    promise: "A merge is done when the other case shows evidence of it that it did not have before.",
    noticed_by: "test/actions/shown-otherwise.test.ts",
    find: "own!.filter((id) => !had!.includes(id))",
    replace: "own!",
  },
  {
    name: "a merge with an error is undone, whatever the case shows",
    promise: "An error beside a merge that the case shows leaves it unconfirmed.",
    noticed_by: "test/actions/shown-otherwise.test.ts",
    find: "first.code < 500 && !shows",
    replace: "first.code < 500",
  },
  {
    name: "a case is merged with one that is not there",
    promise: "Of two cases one that is unknown keeps the other from being merged.",
    find: "if (!planning && looked.failed > 0) return",
    replace: "if (!planning && looked.failed > 1) return",
  },
])

const change = breaks({ file: "src/plugins/cases/change.ts", noticed_by: cases_test }, [
  {
    name: "a conflict does not tell the version by now",
    promise: "After a 409 the case is read back, and the failure tells which version it has.",
    find: "if (row.code !== 409) return new Map()",
    replace: "if (row.code === 409) return new Map()",
  },
])

const otherwise = "test/actions/shown-otherwise.test.ts"
const shown_case = breaks({ file: "src/plugins/cases/change.ts", noticed_by: otherwise, page: "docs/delivery.md" }, [
  {
    name: "a case that comes back as it was is changed",
    promise: "A case that comes back with another status, severity or assignee than was set is unconfirmed.",
    find: "contradiction: (resource) => contradictionIn(resource, fields),",
    replace: "",
  },
  {
    name: "an accepted change with a version is never read back",
    promise: "A case that an answer shows otherwise is read back once more.",
    find: "expected === undefined || row.code !== 409",
    replace: "expected === undefined",
  },
])

const shown_policy = breaks(
  { file: "src/plugins/prevention-policies/shown-otherwise.ts", noticed_by: otherwise, page: "docs/delivery.md" },
  [
    {
      name: "a setting with another value was applied",
      promise: "A policy that comes back with another setting than was sent is unconfirmed.",
      find: "word(shown) === word(value)) return []",
      replace: "word(shown) !== word(shown)) return []",
    },
    {
      name: "a setting that a policy does not have was applied",
      promise: "A policy that comes back without a setting that was sent is unconfirmed.",
      find: "if (own === undefined) return",
      replace: "if (own === null) return",
    },
  ],
)

const create = breaks({ file: "src/plugins/cases/create-case.ts", noticed_by: cases_test }, [
  {
    name: "a case that Falcon does not show counts as made",
    promise: "A new case that Falcon does not show is unconfirmed.",
    find: "(caseIdOf(resource) === undefined ? undefined : args.name)",
    replace: "(caseIdOf(resource) === null ? undefined : args.name)",
  },
])

const parts = breaks({ file: "src/plugins/cases/add-to-case.ts", noticed_by: cases_test }, [
  {
    name: "a case that is not there costs a call for each alert",
    promise: "A refusal that names the case is about all of its parts.",
    find: "errors.some((one) => one.id === id || one.message.includes(id))",
    replace: "errors.some((one) => one.id === `${id} `)",
  },
  {
    name: "what a 200 does not show of a case counts as unconfirmed at once",
    promise: "What the answer does not show is read back from the case.",
    find: "if (found === undefined) return new Map()",
    replace: "if (found !== null) return new Map()",
  },
])

export const guard_rails: readonly Mutant[] = [
  ...guards,
  ...protection,
  ...hour,
  ...approvals,
  ...merge,
  ...change,
  ...shown_case,
  ...shown_policy,
  ...create,
  ...parts,
]
