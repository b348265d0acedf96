/** Promises about lists, tasks and offsets that say less than they seem to, broken on purpose; nearly all of which seeded worlds must notice. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/delivery.md"
const absence = "Absence is not none: an empty or missing list says nothing until Falcon has said the same five times."

const lists = [
  ...breaks({ file: "src/core/falcon/list-answer.ts", page }, [
    {
      name: "a 200 without a list is an empty list of hosts",
      promise: absence,
      noticed_by: "test/assets/lists.test.ts",
      find: "has_resources || pagination?.total === 0",
      replace: "has_resources || pagination?.total !== -1",
    },
    {
      name: "an answer without a byte ends a list",
      promise: absence,
      find: "if (isList(envelope)) return Effect.succeed(envelope)",
      replace: 'if (isList(envelope) || envelope.text === "") return Effect.succeed(envelope)',
    },
    {
      name: "a part of a list is acted on as all of it",
      promise: "Of a list that is acted on as a whole nothing may be missing.",
      noticed_by: "test/actions/odd-answers.test.ts",
      find: "if (error === undefined && missing === undefined && is_open === undefined) return Effect.void",
      replace: "if (error === undefined) return Effect.void",
    },
    {
      name: "an error beside a list is no part of it",
      promise: "Of a list that is acted on as a whole nothing may be missing.",
      noticed_by: "test/actions/odd-answers.test.ts",
      find: "const [error] = pages.errors\n",
      replace: "const error = pages.errors[1_000]\n",
    },
  ]),
  ...breaks({ file: "src/plugins/user-assets/console-source.ts", page, noticed_by: "test/assets/lists.test.ts" }, [
    {
      name: "a list of users that ends before its total is whole",
      promise: "A page without its end says nothing of who is not in it.",
      find: "reached < total\n",
      replace: "reached < 0\n",
    },
    {
      name: "who has no id is nobody",
      promise: "An entry without an id may be any asset: a list with one says nothing of what is not in it.",
      find: "noIds(page.resources.length - ids.length)",
      replace: "noIds(0)",
    },
  ]),
  ...breaks({ file: "src/plugins/user-assets/identity-source.ts", page, noticed_by: "test/assets/lists.test.ts" }, [
    {
      name: "an identity without an id is nobody",
      promise: "An entry without an id may be any asset: a list with one says nothing of what is not in it.",
      find: 'said === "" && nameless > 0',
      replace: 'said === "" && nameless < 0',
    },
  ]),
  ...breaks({ file: "src/core/falcon/list-answer.ts", page, noticed_by: "test/assets/lists.test.ts" }, [
    {
      name: "a list whose end is open says who is gone",
      promise: "A full page that tells no total and no way on says nothing of what is not in it.",
      find: "  is_open ? Effect.fail(",
      replace: "  listed < 0 && is_open ? Effect.fail(",
    },
  ]),
  ...breaks({ file: "src/core/actions/search-outcome.ts", noticed_by: "test/actions/open-ends.test.ts" }, [
    {
      name: "a search does not tell that there may be more",
      promise: "Where Falcon does not tell whether there is more, a search says so.",
      find: "is_open === undefined ? []",
      replace: "is_open !== null ? []",
    },
  ]),
  ...breaks({ file: "src/plugins/iocs/search-indicators.ts", noticed_by: "test/actions/open-ends.test.ts" }, [
    {
      name: "the end of what Falcon lists by number is the end of the list",
      promise: "A full page with which Falcon names neither a total nor a way on is no end.",
      find: "const is_cut = is_more || (!is_led && is_full && total !== listed)",
      replace: "const is_cut = is_more && total === listed",
    },
    {
      name: "indicators without a total end with the first page",
      promise: "A full page of indicators that are not counted is followed by another.",
      find: "total === null || total < reached ? is_full",
      replace: "total === null || total < reached ? false",
    },
  ]),
  ...breaks({ file: "src/core/assets/collect.ts", page }, [
    {
      name: "a clock that was ahead puts off the comparison of all ids",
      promise: "Once an hour all ids are listed, whatever the clock said before.",
      page: "docs/operations.md",
      noticed_by: "test/assets/lists.test.ts",
      find: "last_ms <= now_ms && ",
      replace: "",
    },
    {
      name: "a list that lacks most hosts is believed at once",
      promise: absence,
      find: "missing > listing.doubted_share * known",
      replace: "missing > 2 * known",
    },
    {
      name: "the newest id of an inventory goes back",
      promise: "The newest asset that was sent stays the newest, whatever a later cycle reads.",
      page: "src/core/assets/progress.ts",
      find: "newest: newer(before.newest, newest)",
      replace: "newest: newest ?? before.newest",
    },
  ]),
  ...breaks({ file: "src/plugins/device-assets/source.ts" }, [
    {
      name: "hosts are gone by a listing with errors",
      promise: "A list that comes with errors says nothing of what is not in it.",
      page,
      noticed_by: "test/assets/lists.test.ts",
      find: 'if (doubt !== undefined) return yield* failure(scroll, "malformed", doubt)',
      replace: 'if (doubt === null) return yield* failure(scroll, "malformed", doubt)',
    },
    {
      name: "what is no id counts as a host in a listing",
      promise: "An entry without an id may be any asset: a list with one says nothing of what is not in it.",
      page,
      noticed_by: "test/assets/lists.test.ts",
      find: "listed += ids.length",
      replace: "listed += page.resources.length",
    },
    {
      name: "changes that show up late are never read",
      promise: "A change that shows up late in Falcon's index is read all the same.",
      find: "since_ms - limits.overlap_ms",
      replace: "since_ms - 0 * limits.overlap_ms",
    },
  ]),
]

const finished = "Where Sekoia answers a push with a task, accepted means that the task is finished."

const tasks = [
  ...breaks({ file: "src/core/sekoia/asset-api.ts", page }, [
    {
      name: "assets count as sent before their task is finished",
      promise: finished,
      find: "return yield* awaitTask(base, task, send)",
      replace: "return void (yield* Effect.forkDetach(awaitTask(base, task, send)))",
    },
    {
      name: "an answer without a task is believed of an API that names tasks",
      promise: "A 200 that names no task is none from an API that names tasks.",
      noticed_by: "test/assets/tasks.test.ts",
      find: "++taskless > task_limits.taskless_doubted",
      replace: "++taskless > 0",
    },
    {
      name: "an API that names tasks no more is never believed",
      promise: "An API that names tasks no more is believed when it has said so six times in a row.",
      noticed_by: "test/assets/tasks.test.ts",
      find: "++taskless > task_limits.taskless_doubted",
      replace: "++taskless > 1_000",
    },
    {
      name: "a push that is answered with a word for failure counts as taken",
      promise: "A 200 that says of itself that it failed is no success.",
      noticed_by: "test/assets/tasks.test.ts",
      find: "is_denied || ",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/core/sekoia/tasks.ts", page }, [
    {
      name: "a task that fails counts as finished",
      promise: finished,
      find: 'if (status === "FINISHED") return',
      replace: 'if (status === "FINISHED" || status === "FAILED") return',
    },
  ]),
]

const doubt = breaks({ file: "src/plugins/enrichment/doubt.ts", page }, [
  {
    name: "an empty list of edge types is believed",
    promise: "The list of edge types is never believed to be empty.",
    find: 'new Set(["threatgraph.edge-types"])',
    replace: "new Set()",
  },
])

const parts_fail = breaks(
  { file: "src/plugins/enrichment/doubt.ts", page, noticed_by: "test/enrichment/doubt.test.ts" },
  [
    {
      name: "what a shard that is away leaves out is not there",
      promise: "An answer beside which Falcon names a failure of its own is asked for until it does not.",
      find: "code < 500 &&",
      replace: "code < 600 &&",
    },
  ],
)

const report = breaks(
  { file: "src/plugins/iocs/get-indicators-report.ts", page, noticed_by: "test/actions/odd-answers.test.ts" },
  [
    {
      name: "a report without a job is being written",
      promise: "A status is not success: a report that was asked for has a job.",
      find: "answer.resources.length === 0 ? [noJob(answer)]",
      replace: "answer.resources.length < 0 ? [noJob(answer)]",
    },
  ],
)

const offsets = breaks({ file: "src/core/delivery/lines/offset-watch.ts", page }, [
  {
    name: "offsets that begin anew are not noticed",
    promise: "Where a connection begins below the offset that it was opened at, health says so with the remedy.",
    find: "this.began_below = offset < this.asked ? offset : -1",
    replace: "this.began_below = -1",
  },
  {
    name: "the event that was asked for is taken for a new beginning",
    promise: "Health asks nobody to delete an offset that is good.",
    find: "this.began_below = offset < this.asked ? offset : -1",
    replace: "this.began_below = offset <= this.asked ? offset : -1",
  },
])

export const absences: readonly Mutant[] = [...lists, ...tasks, ...doubt, ...parts_fail, ...report, ...offsets]
