/** `akonis module validate_module_configuration`: whether an account works, asked while somebody fills in the form. */
import { Effect } from "effect"
import type { CheckRow } from "../../core/check/check.ts"
import { checkTenants } from "../../core/check/run-checks.ts"
import type { Tree } from "../../core/config/read.ts"
import { OneTry } from "../../core/one-try.ts"
import { cleanText } from "../../core/text.ts"
import { event_stream } from "../identity.ts"
import { told } from "../limits.ts"
import { own_folder } from "./journals.ts"
import { reporting } from "./reporting.ts"
import { moduleConfig, ownEnv, type Runtime } from "./tenant.ts"

/**
 * Asks what `akonis check` asks of CrowdStrike. Valid: it is reached, gives a token for the credentials, and lists the event
 * streams. Scopes of actions that are missing are told in `results.missing_scopes` and in the log: an account may do without them.
 */
export const runValidator = (runtime: Runtime) =>
  reporting(
    runtime,
    (secrets) =>
      validate(runtime, secrets).pipe(
        Effect.scoped,
        Effect.catch((error) => Effect.succeed({ wrong: error.lines, missing_scopes: [] })),
        Effect.map(({ wrong, missing_scopes }) => ({
          results: { success: wrong.length === 0, missing_scopes },
          ...(wrong.length > 0 && { error: cleanText(wrong.join("; "), told.error_chars_max) }),
        })),
      ),
    { asks: false },
  )

const validate = Effect.fnUntraced(function* (runtime: Runtime, secrets: Tree) {
  const acting = runtime.plugins.filter(({ actions }) => actions.length > 0)
  const plugins = {
    only: [event_stream.plugin_id, ...acting.map(({ id }) => id)],
    // Where the events go is none of the account's business.
    [event_stream.plugin_id]: { destination: "ndjson", ndjson: { path: "-" } },
  }
  const config = yield* moduleConfig(runtime, { secrets, data_dir: `${runtime.data_path}/${own_folder}`, plugins })
  const rows: CheckRow[] = []
  const onRow = (row: CheckRow) =>
    Effect.andThen(
      Effect.sync(() => rows.push(row)),
      logs[row.status](rowText(row)),
    )
  const options = { env: ownEnv(runtime.settings.env), onRow, onWaiting: () => Effect.void }
  yield* checkTenants(config, options).pipe(Effect.provide(runtime.network), Effect.provideService(OneTry, true))
  return { wrong: rows.filter(standsInTheWay).map(rowText), missing_scopes: missingScopes(rows) }
})

const logs = {
  ok: Effect.logInfo,
  warning: Effect.logWarning,
  failed: Effect.logWarning,
  unknown: Effect.logInfo,
} as const

const rowText = ({ name, status, detail, remedy }: CheckRow): string =>
  status === "ok" || remedy === undefined ? `${name}: ${detail}` : `${name}: ${detail} (${remedy})`

/** Whatever is asked of CrowdStrike before any plugin, and the event streams. This machine's clock is not the account's fault. */
const standsInTheWay = ({ plugin, name, status, reason }: CheckRow): boolean =>
  status === "failed" && (plugin === "" ? name !== "clock" : plugin === event_stream.plugin_id && reason !== undefined)

/** Rows about nothing but a scope are named after it. */
const missingScopes = (rows: readonly CheckRow[]): readonly string[] =>
  rows.flatMap(({ name, reason }) => (reason === "forbidden" && /: (Read|Write)$/.test(name) ? [name] : [])).sort()
