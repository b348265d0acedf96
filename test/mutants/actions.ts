/** Promises about what actions do and say, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const readme = "README.md"
const unconfirmed_test = "test/actions/unconfirmed.test.ts"
const bulk_test = "test/actions/bulk.test.ts"
const no_status = "A status is not success: what an answer shows neither as done nor as refused is unconfirmed."

const judge = breaks({ file: "src/core/actions/judge.ts", noticed_by: unconfirmed_test }, [
  {
    name: "a change that Falcon does not count is done",
    promise: no_status,
    page: readme,
    find: "if (affected !== undefined && affected >= left.length) return",
    replace: "if (affected === undefined || affected >= left.length) return",
  },
  {
    name: "more is done than Falcon counts",
    promise: "Never more is done than Falcon counts.",
    find: "if (affected !== undefined && affected >= left.length) return",
    replace: "if (affected !== undefined && affected > 0) return",
  },
  {
    name: "what did not come back has failed for certain",
    promise: no_status,
    page: readme,
    find: "const explained = nameless.length >= absent.length",
    replace: "const explained = nameless.length >= 0",
  },
  {
    name: "what Falcon counts as changed is undone for errors beside it",
    promise: "What Falcon counts as changed and does not name is unconfirmed.",
    noticed_by: "test/actions/odd-answers.test.ts",
    find: " && (affected ?? 0) <= returned.length",
    replace: "",
  },
  {
    name: "Falcon's own trouble leaves a change undone",
    promise: "Falcon's own trouble leaves a change in doubt; anything else is a refusal.",
    find: "code >= 500 ? unconfirmed(id, code, message)",
    replace: "code >= 5_000 ? unconfirmed(id, code, message)",
  },
  {
    name: "what a returned resource shows against the change is not looked at",
    promise: "A policy that Falcon returns as it was is not changed, whatever the status says.",
    noticed_by: "test/actions/prevention-policies.test.ts",
    find: "const why = reading.contradiction?.(resource)",
    replace: "const why = undefined as string | undefined",
  },
  {
    name: "ids that did not come back were found",
    promise: "The answer says per id what happened.",
    page: readme,
    noticed_by: "test/actions/hosts.test.ts",
    find: "else if (reading.may_be_absent !== true)",
    replace: "else if (reading.may_be_absent === null)",
  },
])

const found = breaks(
  { file: "src/plugins/hosts/get-hosts-by-name.ts", noticed_by: "test/actions/odd-answers.test.ts" },
  [
    {
      name: "a host with an odd field has no name",
      promise: "A host exists by its id alone, whatever its other fields are.",
      find: "const device_id = deviceIdOf(resource)",
      replace: "const device_id = found_host.safeParse(resource).data?.device_id",
    },
  ],
)

const bulk = breaks({ file: "src/core/actions/bulk.ts", noticed_by: unconfirmed_test }, [
  {
    name: "what was done by a try without an answer is told as not found",
    promise: "A refusal of a change that was tried before without an answer is unconfirmed.",
    noticed_by: "test/actions/repeated-in-doubt.test.ts",
    find: "  found.doubt(tried_before)\n",
    replace: "",
  },
  {
    name: "one bad id fails the others",
    promise: "One bad id costs the others nothing: a refused call is halved until it stands alone.",
    find: "const affordable = refusals <= bounds.refusals_max && refusals_in_row <= bounds.refusals_in_row_max",
    replace: "const affordable = refusals < 0",
  },
  {
    name: "a bad id is looked for without end",
    promise: "When Falcon refuses everything, the bad id is not looked for without end.",
    find: "const affordable = refusals <= bounds.refusals_max && refusals_in_row <= bounds.refusals_in_row_max",
    replace: "const affordable = refusals <= bounds.refusals_max",
  },
  {
    name: "a call that may not help is tried again and again",
    promise: "After a refusal that would meet every further call, the rest is not tried.",
    noticed_by: "test/actions/alerts.test.ts",
    find: "if (isPointless(error)) broken = error",
    replace: "if (isPointless(error)) broken = undefined",
  },
  {
    name: "a dry run looks again",
    promise: "A dry run sends none of the requests.",
    page: readme,
    noticed_by: unconfirmed_test,
    find: "if (options.lookAgain !== undefined && !(yield* Planning)) {",
    replace: "if (options.lookAgain !== undefined) {",
  },
  {
    name: "ids in another case are other ids",
    promise: "Ids that differ in case only are one.",
    noticed_by: bulk_test,
    find: "for (const id of ids) if (!by_key.has(idKey(id))) by_key.set(idKey(id), id)",
    replace: "for (const id of ids) if (!by_key.has(id)) by_key.set(id, id)",
  },
])

const priority = breaks({ file: "src/core/actions/error-priority.ts", noticed_by: bulk_test }, [
  {
    name: "that something may have happened is told last",
    promise: "That something may have happened outweighs every other reason.",
    find: "failures.find(({ reason }) => reason === doubt)",
    replace: "[].find(({ reason }) => reason === doubt)",
  },
  {
    name: "nothing done is a success",
    promise: "An outcome of which certainly nothing worked is a failure, for all actions alike.",
    page: "docs/architecture.md",
    noticed_by: "test/actions/whose-fault.test.ts",
    find: "if (failed === 0 || succeeded > 0 ||",
    replace: "if (failed >= 0 || succeeded > 0 ||",
  },
])

const by_id = breaks({ file: "src/core/actions/errors-by-id.ts", noticed_by: unconfirmed_test }, [
  {
    name: "an error that names a host in its text is nobody's",
    promise: "Every error is given to the ids that it names, in its id or in its text.",
    find: "const about = own === undefined ? quotedIn(error.message, by_key) : [own]",
    replace: "const about = own === undefined ? [] : [own]",
  },
])

const hosts = breaks({ file: "src/plugins/hosts/act.ts", noticed_by: unconfirmed_test }, [
  {
    name: "a conflict is a success",
    promise: "After a conflict the host itself is looked at: one that is not as wanted is refused.",
    find: "} else if (wanted.includes(value))",
    replace: "} else if (value !== wanted[0] || wanted.includes(value))",
  },
])

const listing = breaks({ file: "src/core/falcon/split-ids.ts", noticed_by: "test/http/split-ids.test.ts" }, [
  {
    name: "ids in a URL are not counted as they are encoded",
    promise: "Lists longer than Falcon takes in one call are split, by count and by the length of the URL.",
    page: "docs/reference/actions.md",
    find: "encodeURIComponent(id).length",
    replace: "id.length",
  },
])

const config = breaks(
  {
    file: "src/core/config/load.ts",
    page: "docs/reference/configuration.md",
    noticed_by: "src/core/config/load.test.ts",
  },
  [
    {
      name: "an alias may multiply",
      promise: "A file whose aliases multiply is refused, and what is wrong is told without quoting it.",
      page: "src/core/config/load.ts",
      find: 'catch: () => new ConfigError({ source, key: "", message: bad_alias }),',
      replace: 'catch: (error) => new ConfigError({ source, key: "", message: String(error) }),',
    },
  ],
)

const read = breaks(
  {
    file: "src/core/config/read.ts",
    page: "docs/reference/configuration.md",
    noticed_by: "src/core/config/load.test.ts",
  },
  [
    {
      name: "the file wins over the environment",
      promise: "The environment wins over the file.",
      find: "(at.env_wins !== false || block[key] === undefined)",
      replace: "block[key] === undefined",
    },
    {
      name: "short secrets are taken",
      promise: "Secrets shorter than 8 characters are refused.",
      page: "CHANGELOG.md",
      find: "if (value.length >= secret_chars_min) return secretText(value)",
      replace: "if (value.length >= 0) return secretText(value)",
    },
  ],
)

export const actions: readonly Mutant[] = [
  ...judge,
  ...found,
  ...bulk,
  ...priority,
  ...by_id,
  ...hosts,
  ...listing,
  ...config,
  ...read,
]
