/** `akonis module validate_module_configuration`: whether an account works, asked while somebody fills in the form. */
import { Effect } from "effect"
import type { AnyAction } from "../../core/actions/action.ts"
import type { Tree } from "../../core/config/read.ts"
import type { ConfigError, StoreError } from "../../core/errors.ts"
import { FalconAuth } from "../../core/falcon/auth.ts"
import type { AnyPlugin } from "../../core/plugin.ts"
import type { RunningTenant } from "../../core/tenant/boot.ts"
import { cleanText } from "../../core/text.ts"
import { event_stream } from "../identity.ts"
import { validation as limits, told } from "../limits.ts"
import { own_folder } from "./arguments.ts"
import { reporting } from "./reporting.ts"
import { moduleConfig, openTenant, type Runtime } from "./tenant.ts"

/**
 * Valid: CrowdStrike gives a token for the credentials, and lists the event streams. The scopes that actions read with are tried as
 * well; an account may do without them, so those that are missing are told in `results.missing_scopes` and in the log. Scopes that
 * write cannot be tried without changing something.
 */
export const runValidator = (runtime: Runtime) =>
  reporting(
    runtime,
    (secrets) =>
      validate(runtime, secrets).pipe(
        Effect.scoped,
        Effect.catch((error) => Effect.succeed({ wrong: [configText(error)], missing_scopes: [] })),
        Effect.map(({ wrong, missing_scopes }) => ({
          results: { success: wrong.length === 0, missing_scopes },
          ...(wrong.length > 0 && { error: cleanText(wrong.join("; "), told.error_chars_max) }),
        })),
      ),
    { asks: false },
  )

const configText = (error: ConfigError | StoreError): string =>
  error._tag === "StoreError"
    ? error.message
    : [error.source, error.key, error.message].filter((part) => part !== "").join(": ")

interface Verdict {
  /** What stands in the way; nothing: valid. */
  readonly wrong: readonly string[]
  readonly missing_scopes: readonly string[]
}

const validate = Effect.fnUntraced(function* (runtime: Runtime, secrets: Tree) {
  const acting = runtime.plugins.filter(({ actions }) => actions.length > 0)
  const plugins = {
    only: [event_stream.plugin_id, ...acting.map(({ id }) => id)],
    // Where the events go is none of the account's business.
    [event_stream.plugin_id]: { destination: "ndjson", ndjson: { path: "-" } },
  }
  const config = yield* moduleConfig(runtime, { secrets, data_dir: `${runtime.data_path}/${own_folder}`, plugins })
  const tenant = yield* openTenant(config, runtime.network)
  const wrong = yield* lookAtCredentials(tenant)
  if (wrong.length > 0) return { wrong, missing_scopes: [] } satisfies Verdict
  const [streams, missing] = yield* Effect.all([lookAtStreams(tenant), lookAtScopes(tenant, acting)], {
    concurrency: 2,
  })
  return { wrong: streams, missing_scopes: missing } satisfies Verdict
})

const late = "CrowdStrike did not answer in time"

const lookAtCredentials = ({ services }: RunningTenant): Effect.Effect<readonly string[]> =>
  FalconAuth.use((auth) => auth.bearer).pipe(
    Effect.as([]),
    Effect.timeoutOrElse({ duration: limits.look_ms_max, orElse: () => Effect.succeed([late]) }),
    Effect.catchTag("FalconError", ({ message }) => Effect.succeed([message])),
    Effect.provide(services),
  )

const lookAtStreams = ({ plugins, services }: RunningTenant) =>
  Effect.forEach(plugins, ({ plugin, config }) =>
    plugin.id !== event_stream.plugin_id || plugin.check === undefined ? Effect.succeed([]) : plugin.check(config),
  ).pipe(
    Effect.map((rows) => rows.flat()),
    Effect.tap((rows) =>
      Effect.forEach(rows, ({ name, status, detail }) => Effect.logInfo(`${name}: ${status}: ${detail}`)),
    ),
    Effect.map((rows) =>
      rows.flatMap(({ name, status, detail }) => (status === "failed" ? [`${name}: ${detail}`] : [])),
    ),
    Effect.timeoutOrElse({ duration: limits.look_ms_max, orElse: () => Effect.succeed([`event streams: ${late}`]) }),
    Effect.scoped,
    Effect.provide(services),
  )

/** The scopes that are certainly missing among those that the actions read with. Every other failure says nothing of a scope. */
const lookAtScopes = ({ services }: RunningTenant, acting: readonly AnyPlugin[]) =>
  Effect.forEach(readers(acting), lackedBy, { concurrency: limits.looks_at_once }).pipe(
    Effect.map((lacked) => [...new Set(lacked.flat())].sort()),
    Effect.tap((missing) =>
      missing.length === 0
        ? Effect.void
        : Effect.logWarning(`the API client lacks scopes that actions need: ${missing.join(", ")}`),
    ),
    Effect.provide(services),
  )

/** One action that changes nothing for each set of scopes. */
const readers = (acting: readonly AnyPlugin[]): readonly AnyAction[] => {
  const all = acting.flatMap(({ actions }): readonly AnyAction[] => actions)
  const reading = all.filter(({ changes, retired }) => !changes && retired === undefined)
  return [...new Map(reading.map((action) => [action.scopes.join(), action])).values()]
}

/** Runs an action with the arguments of its documentation: ids that nobody has, searches that are cut to what one page holds. */
const lackedBy = (action: AnyAction) =>
  Effect.suspend(() => action.run(action.arguments.parse(action.example))).pipe(
    Effect.as<readonly string[]>([]),
    Effect.catchTag("FalconError", ({ reason }) => Effect.succeed(reason === "forbidden" ? action.scopes : [])),
    Effect.catch(() => Effect.succeed([])),
    Effect.timeoutOrElse({ duration: limits.look_ms_max, orElse: () => Effect.succeed([]) }),
  )
