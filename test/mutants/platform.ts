/** Promises of the module of Sekoia's platform: what it is listed as, and what it tells of its runs. */
import { breaks } from "./mutant.ts"

const page = "docs/sekoia-module.md"
const actions = "test/platform/actions.test.ts"
const runs = "test/platform/runs.test.ts"

export const platform = [
  ...breaks({ file: "src/platform/runtime/reporting.ts", page, noticed_by: actions }, [
    {
      name: "a run of the module that could not be announced is carried out",
      promise: "A run that cannot be announced is not carried out.",
      find: "restore(Effect.flatMap(platform.began({ asks: more.asks ?? true }), run))",
      replace:
        "restore(Effect.flatMap(Effect.orElseSucceed(platform.began({ asks: more.asks ?? true }), () => ({})), run))",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/bucket.ts", noticed_by: "src/platform/runtime/bucket.test.ts" }, [
    {
      name: "a page in the store's place has taken an object",
      promise: "What answers with a page is no store, and has taken nothing.",
      find: 'text.trim() === "" ? Effect.void',
      replace: "text !== undefined ? Effect.void",
    },
    {
      name: "a list of objects that breaks off is all of them",
      promise:
        "A list that breaks off is not taken for all objects: a position that is missing would count as the beginning.",
      find: "if (is_cut || ",
      replace: "if (",
    },
    {
      name: "a store that asks for a pause is asked again at once",
      promise: "The time that a store names is a floor under our wait.",
      find: "Math.max(own_ms, asked_ms)",
      replace: "Math.min(own_ms, asked_ms)",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/platform.ts", page, noticed_by: actions }, [
    {
      name: "a page is an answer of the platform",
      promise: "What is answered with a page did not reach the platform, and is told again.",
      page: "src/platform/runtime/platform.ts",
      find: "if (is_success && !is_page) return answer",
      replace: "if (is_success) return answer",
    },
    {
      name: "the end of a run is told once",
      promise: "A call to the platform that fails is tried up to ten times.",
      find: "if (failures >= limits.attempts_max ||",
      replace: "if (failures >= 1 ||",
    },
    {
      name: "a run that the platform has ended counts as failed",
      promise: "A 409 at the end means that the platform has ended the run itself.",
      find: "({ status }) => status === 409",
      replace: "({ status }) => status === 410",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/run-action.ts", page }, [
    {
      name: "a container that is started again acts again",
      promise: "A container that is started again for the same run acts no second time.",
      find: "...(key !== undefined && { idempotency_key: key }),",
      replace: "",
      noticed_by: runs,
    },
    {
      name: "a playbook is not told that a part failed",
      promise: "A run of which a part failed ends with an error.",
      find: 'answer.outcome === "partial" ? partialText(answer) : undefined',
      replace: 'answer.outcome === "dry_run" ? partialText(answer) : undefined',
      noticed_by: actions,
    },
  ]),
  ...breaks({ file: "src/platform/runtime/arguments.ts", page, noticed_by: runs }, [
    {
      name: "a file of an argument may lie outside of the data path",
      promise: "`<argument>_path` names a file in the data path.",
      find: "if (!path.startsWith(`${root}/`) || ",
      replace: "if (",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/tenant.ts", page, noticed_by: actions }, [
    {
      name: "the placeholder of a secret is used in place of the secret",
      promise: "The platform hands the secret over, in place of what the configuration holds.",
      find: "{ ...given, ...secrets }",
      replace: "{ ...secrets, ...given }",
    },
    {
      name: "variables of an operator's shell win over what the platform configures",
      promise: "Of other variables only those that are named count.",
      find: "filter(([name]) => env_keys.test(name))",
      replace: "filter(([name]) => name !== env_keys.source)",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/run-connector.ts", page, noticed_by: "test/platform/connectors.test.ts" }, [
    {
      name: "secrets of a connector's own configuration are not used",
      promise: "Secrets that the platform keeps of a connector's configuration stand above it.",
      find: "{ ...own, ...node }",
      replace: "{ ...node, ...own }",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/mirror.ts", page, noticed_by: "test/platform/bucket.test.ts" }, [
    {
      name: "offsets do not get into the bucket",
      promise: "The files of a connector are written back to the bucket.",
      find: "for (const one of held) yield* write(one)",
      replace: "for (const one of held) yield* Effect.succeed(one)",
    },
    {
      name: "positions get into the bucket first",
      promise: "Positions are written to the bucket last.",
      find: "for (const name of changed.filter((one) => !positions.test(one)))",
      replace:
        "for (const one of held.splice(0)) yield* write(one)\n    for (const name of changed.filter((one) => !positions.test(one)))",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/run-validator.ts", page, noticed_by: "test/platform/validator.test.ts" }, [
    {
      name: "an account that may not read the streams is valid",
      promise: "When the event streams are refused the account is not valid.",
      find: "plugin === event_stream.plugin_id && reason !== undefined",
      replace: "plugin === event_stream.plugin_id && reason === undefined",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/log-shipper.ts", noticed_by: "src/platform/runtime/log-shipper.test.ts" }, [
    {
      name: "log lines that the platform did not take are gone",
      promise: "While the platform does not take log lines the newest are kept.",
      find: "yield* send(batch)",
      replace: "yield* Effect.ignore(send(batch))",
    },
  ]),
  ...breaks({ file: "src/platform/runtime/run-on-premise.ts", page, noticed_by: "test/platform/inventories.test.ts" }, [
    {
      name: "a cycle that was stopped counts as whole",
      promise: "A run that is stopped says `has_more`.",
      find: "stopped: () => endOf(true)",
      replace: "stopped: () => endOf(false)",
    },
  ]),
  ...breaks(
    { file: "src/platform/runtime/resumed-cycle.ts", noticed_by: "src/platform/runtime/resumed-cycle.test.ts" },
    [
      {
        name: "a cycle that ran out of time counts as whole",
        promise: "A cycle that did not end within its time has more.",
        find: 'return exit.value._tag === "None"',
        replace: "return false",
      },
    ],
  ),
  ...breaks({ file: "src/platform/results.ts", page, noticed_by: actions }, [
    {
      name: "playbooks do not find results under the keys they know",
      promise: "What was found stands under the key that the Python module had.",
      find: 'identityOf(alias).results_key ?? "resources"',
      replace: 'identityOf(alias).uuid.slice(99) || "resources"',
    },
  ]),
  ...breaks({ file: "src/platform/catalogue/python-json.ts", noticed_by: "test/platform/catalogue.test.ts" }, [
    {
      name: "the catalogue is not as Python writes it",
      promise: "The text is what json.dumps writes, ASCII only.",
      find: "/[^\\x20-\\x7e\\n]/g",
      replace: "/[^\\x20-\\uffff\\n]/g",
    },
  ]),
]
