/** `akonis check`: configuration, credentials and what every enabled plugin finds out, a row each. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { Config } from "../core/config/load.ts"
import { FalconAuth } from "../core/falcon/auth.ts"
import { checkCallers } from "../core/http/server/bearer.ts"
import type { CheckRow } from "../core/plugin.ts"
import { layerLogging } from "../core/telemetry/logging.ts"
import { boot, type RunningTenant } from "../core/tenant/boot.ts"
import { version } from "../version.ts"
import { configFlag, configOf, Exit, env, explain, jsonFlag, print } from "./common.ts"
import { table } from "./table.ts"

const offline = Flag.Boolean("offline").pipe(
  Flag.withDescription("Check the configuration only; send nothing"),
  Flag.withDefault(false),
)

type Row = CheckRow & { readonly tenant: string; readonly plugin: string }

export const check = Command.make("check", { config: configFlag, offline, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const config = yield* configOf(flags.config)
      yield* checkCallers(config.source, config.server.tokens)
      const rows: Row[] = [configurationRow(config)]
      if (!flags.offline) {
        for (const tenant of yield* boot(config, { version, env, lock: false }))
          rows.push(...(yield* checkTenant(tenant)))
      }
      yield* print(flags.json ? JSON.stringify(rows, null, 2) : table(rows.map(columns)))
      if (rows.some((row) => row.status === "failed")) return yield* new Exit({ status: 1 })
    }).pipe(Effect.scoped, Effect.provide(layerLogging({ level: "error", format: "pretty" }))),
  ),
).pipe(Command.withDescription("Check configuration, credentials, streams and intake: one row each"))

const configurationRow = ({ source, tenants }: Config): Row => {
  const names = new Set(tenants.flatMap((tenant) => tenant.plugins.map(({ plugin }) => plugin.id)))
  const detail = `${source}; plugins on: ${[...names].join(", ") || "none"}`
  return { tenant: "", plugin: "", name: "configuration", status: "ok", detail }
}

const checkTenant = ({ id, plugins, services }: RunningTenant) =>
  Effect.gen(function* () {
    const rows: Row[] = [{ tenant: id, plugin: "", ...(yield* checkCredentials) }]
    if (rows[0]!.status === "failed") return rows
    for (const { plugin, config } of plugins) {
      const found: readonly CheckRow[] = plugin.check === undefined ? [] : yield* Effect.scoped(plugin.check(config))
      rows.push(...found.map((row) => ({ tenant: id, plugin: plugin.id, ...row })))
    }
    return rows
  }).pipe(Effect.provide(services))

const checkCredentials: Effect.Effect<CheckRow, never, FalconAuth> = Effect.gen(function* () {
  const auth = yield* FalconAuth
  yield* auth.bearer
  return { name: "credentials", status: "ok" as const, detail: `${yield* auth.base_url} gives a token` }
}).pipe(
  Effect.catchTag("FalconError", (error) =>
    Effect.succeed({ name: "credentials", status: "failed" as const, detail: error.message }),
  ),
)

const columns = (row: Row): string[] => [
  row.status,
  row.tenant,
  [row.plugin, row.name].filter(Boolean).join(" "),
  row.detail,
]
