/** Children of a Flight Control parent whose data folder cannot be used stand still; the others do not wait for them. */
import { Effect, type FileSystem } from "effect"
import { file_name } from "../actions/audit.ts"
import type { Config, TenantConfig } from "../config/config.ts"
import { makeAppendable } from "../store/atomic-file.ts"

/**
 * Leaves out children whose folder cannot be made, or whose audit log cannot be written there, and names them in
 * `flight_control.unready`. Those that run are not asked: only Falcon ends them. A list of tenants stays as it is, since a mistake in it
 * refuses all of it.
 */
export const withUsableFolders = Effect.fnUntraced(function* (
  config: Config,
  running: readonly TenantConfig[] = [],
): Effect.fn.Return<Config, never, FileSystem.FileSystem> {
  const { flight_control } = config
  if (flight_control === undefined) return config
  const run = new Set(running.map(({ data_dir }) => data_dir))
  const unready = [...flight_control.unready]
  const tenants: TenantConfig[] = []
  for (const tenant of config.tenants) {
    const { id, data_dir, credentials } = tenant
    const tried = yield* Effect.result(run.has(data_dir) ? Effect.void : makeAppendable(data_dir, file_name))
    if (tried._tag === "Success") tenants.push(tenant)
    else unready.push({ cid: credentials.member_cid!, name: id, why: tried.failure.message })
  }
  return { ...config, tenants, flight_control: { ...flight_control, unready } }
})
