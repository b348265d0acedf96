/** `akonis module <docker parameter of an action>`: one run of one node of a playbook. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import type { AnyAction, RowError } from "../../core/actions/action.ts"
import { execute, makeActionTenant } from "../../core/actions/execute.ts"
import { type ProblemBody, Refusal } from "../../core/actions/problem.ts"
import type { ActionResponse, Asked } from "../../core/actions/response.ts"
import { type ConfigError, StoreError } from "../../core/errors.ts"
import type { AnyPlugin } from "../../core/plugin.ts"
import { cleanText } from "../../core/text.ts"
import { told } from "../limits.ts"
import { toResults } from "../results.ts"
import { argumentsFor } from "./arguments.ts"
import { journalFolder, ownFolder } from "./journals.ts"
import { reporting } from "./reporting.ts"
import { moduleConfig, openTenant, type Runtime } from "./tenant.ts"

/**
 * Runs the action and tells the platform how it ended. Of the run's uuid an idempotency key is made: a container that is started
 * again for the same run answers as the first one did, as far as the data path is kept.
 */
export const runAction = (runtime: Runtime, plugin: AnyPlugin, action: AnyAction) =>
  reporting(runtime, (secrets) =>
    Effect.gen(function* () {
      const { settings, data_path, network } = runtime
      const data_dir = yield* ownFolder(data_path)
      const config = yield* moduleConfig(runtime, { secrets, data_dir, plugins: { only: [plugin.id] } })
      const given = yield* settings.object("arguments")
      const args = yield* argumentsFor(action, given, runtime)
      const running = yield* openTenant(config, network)
      const playbook = yield* settings.text("playbook_uuid")
      const run = yield* settings.text("node_run_uuid")
      const key = run === undefined ? undefined : createHash("sha256").update(run).digest("hex")
      const journal = key !== undefined && action.changes ? { journal_dir: yield* journalFolder(data_dir, key) } : {}
      const tenant = yield* makeActionTenant(running, { owner: false, guards: config.guards, ...journal })
      const asked: Asked = {
        caller: { name: `playbook:${cleanText(playbook ?? "unknown", 64)}`, role: "responder" },
        via: "platform",
        request_id: crypto.randomUUID(),
        dry_run: false,
        ...(key !== undefined && { idempotency_key: key }),
        read_only: config.server.read_only,
      }
      const { answer, replayed } = yield* execute(tenant, action, args, asked)
      if (replayed) yield* Effect.logInfo("this run was carried out before; its answer is given again")
      const error = answer.outcome === "partial" ? partialText(answer) : undefined
      return { results: toResults(action, answer), ...(error !== undefined && { error }) }
    }).pipe(Effect.catch((error) => Effect.succeed({ error: errorText(error) }))),
  )

/** Why an action did not run, or did nothing, in one text for whoever built the playbook. */
const errorText = (error: Refusal | ConfigError | StoreError): string => {
  if (error instanceof Refusal) return cleanText(problemText(error.problem), told.error_chars_max)
  if (error instanceof StoreError) return cleanText(error.message, told.error_chars_max)
  return cleanText(error.lines.join("; "), told.error_chars_max)
}

const problemText = ({ detail, errors = [], upstream_errors = [], required_scopes = [] }: ProblemBody): string => {
  const fields = errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`))
  const scopes = required_scopes.length === 0 ? [] : [`the API client needs ${required_scopes.join(", ")}`]
  return [detail, ...fields, ...shown(upstream_errors), ...scopes].join("; ")
}

const partialText = ({ counts, errors }: ActionResponse): string => {
  const open = counts.unconfirmed === 0 ? "" : `, ${counts.unconfirmed} unconfirmed: look before doing it again`
  const begin = `${counts.succeeded} of ${counts.requested} done, ${counts.failed} failed${open}`
  return cleanText([begin, ...shown(errors)].join("; "), told.error_chars_max)
}

const shown = (errors: readonly RowError[]): string[] => [
  ...errors
    .slice(0, told.errors_max)
    .map(({ id, code, message }) => `${id === undefined ? "" : `${id}: `}${code} ${message}`),
  ...(errors.length > told.errors_max ? [`and ${errors.length - told.errors_max} more`] : []),
]
