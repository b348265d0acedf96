/**
 * The guard rails of the configuration, for every action that changes hosts. They are checked before anything is sent; what cannot
 * be checked is refused. Every refusal leaves a line in the audit log.
 */
import { type Context, Effect, type FileSystem } from "effect"
import type { GuardsConfig } from "../config/schema.ts"
import type { StoreError } from "../errors.ts"
import type { Falcon } from "../falcon/client.ts"
import { forPurpose } from "../http/client/purpose.ts"
import type { PluginServices } from "../plugin.ts"
import { Tenant } from "../tenant/identity.ts"
import type { AnyAction, Args } from "./action.ts"
import { idKey } from "./errors-by-id.ts"
import { makeHostsOfTheHour } from "./guards-hour.ts"
import { type ProtectedHost, protectedAmong, protectsAnything } from "./guards-protected.ts"
import { guards as bounds } from "./limits.ts"
import { fromFalcon, Refusal, refuse } from "./problem.ts"

export interface Guards {
  /** Whether it runs only once a second person has approved it. */
  readonly needsApproval: (action: AnyAction) => boolean
  /** Lets a run pass, and counts its hosts, or refuses it. */
  readonly check: (action: AnyAction, args: Args) => Effect.Effect<void, Refusal>
  /** Of a dry run: what would refuse it now, and what would be looked at before. Sends and counts nothing. */
  readonly foresee: (action: AnyAction, args: Args) => Effect.Effect<readonly string[]>
  /** The lookups that `check` would make, for a dry run to show. */
  readonly look: (action: AnyAction, args: Args) => Effect.Effect<void, never, Falcon>
}

/** Nothing is configured: for tests of something else. */
export const no_guards: GuardsConfig = { protected: { tags: [], hostnames: [], filter: "" }, approval: [] }

/** The guards of one tenant. */
export const makeGuards = Effect.fnUntraced(function* (
  { hosts_per_run_max, hosts_per_hour_max, protected: protection, approval }: GuardsConfig,
  services: Context.Context<PluginServices>,
): Effect.fn.Return<Guards, never, Tenant | FileSystem.FileSystem> {
  const { data_dir } = yield* Tenant
  const hour = hosts_per_hour_max === undefined ? undefined : yield* makeHostsOfTheHour(data_dir, hosts_per_hour_max)
  const protects = protectsAnything(protection)

  const whyTooMany = (hosts: readonly string[]): string | undefined =>
    hosts_per_run_max === undefined || hosts.length <= hosts_per_run_max
      ? undefined
      : `guards.hosts_per_run_max: ${hosts.length} hosts, and one run may change ${hosts_per_run_max}`

  const check = Effect.fnUntraced(function* (action: AnyAction, args: Args) {
    const hosts = hostsOf(action, args)
    if (hosts.length === 0) return
    const too_many = whyTooMany(hosts)
    if (too_many !== undefined) return yield* refuse("guarded", `${too_many}; nothing was done`)
    if (protects) {
      const found = yield* protectedAmong(hosts, protection).pipe(
        Effect.mapError((error) => {
          const problem = fromFalcon(action, error)
          const detail = `nothing was done: whether a host is protected could not be found out: ${problem.detail}`
          return new Refusal({ problem: { ...problem, detail } })
        }),
        Effect.provide(services),
        forPurpose("action"),
      )
      if (found.length > 0) return yield* refuseProtected(found)
    }
    if (hour === undefined || hosts_per_hour_max === undefined) return
    const counted = yield* Effect.mapError(hour.reserve(hosts), notReady)
    if (counted === undefined) return
    const detail = `guards.hosts_per_hour_max: ${hosts.length} hosts beside the ${counted} of the last hour, and ${hosts_per_hour_max} may be changed in one; nothing was done`
    return yield* refuse("guarded", detail)
  })

  const needsApproval = ({ slug }: AnyAction): boolean => approval.includes(slug)

  const foresee = Effect.fnUntraced(function* (action: AnyAction, args: Args) {
    const told = needsApproval(action) ? ["would wait for another caller's approval"] : []
    const hosts = hostsOf(action, args)
    if (hosts.length === 0) return told
    const too_many = whyTooMany(hosts)
    if (too_many !== undefined) told.push(`would be refused: ${too_many}`)
    if (protects) told.push("the hosts are looked at first; a protected one among them refuses the whole run")
    if (hour !== undefined && hosts_per_hour_max !== undefined) {
      const total = yield* Effect.orElseSucceed(hour.with(hosts), () => undefined)
      if (total === undefined) told.push("would be refused: the hosts of the last hour cannot be counted")
      else if (total > hosts_per_hour_max)
        told.push(
          `would be refused: guards.hosts_per_hour_max: ${total} different hosts within an hour, and ${hosts_per_hour_max} may be changed in one`,
        )
    }
    return told
  })

  const look = (action: AnyAction, args: Args): Effect.Effect<void, never, Falcon> => {
    const hosts = hostsOf(action, args)
    return protects && hosts.length > 0 ? Effect.ignore(protectedAmong(hosts, protection)) : Effect.void
  }

  return { needsApproval, check, foresee, look }
})

/** Each once: ids that differ in case only are one host. */
const hostsOf = (action: AnyAction, args: Args): readonly string[] => {
  const by_key = new Map<string, string>()
  for (const id of action.hosts?.(args) ?? []) by_key.set(idKey(id), id)
  return [...by_key.values()]
}

const refuseProtected = (found: readonly ProtectedHost[]): Refusal => {
  const named = found.slice(0, bounds.named_max).map(({ id, why }) => ({ field: "ids", message: `${id}: ${why}` }))
  const [first] = named
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : ""
  const detail = `guards.protected: ${first?.message}${more}; nothing was done`
  return refuse("guarded", detail, { errors: named })
}

const notReady = ({ message }: StoreError): Refusal =>
  refuse("not-ready", `nothing was done: the hosts of the last hour cannot be counted: ${message}`)
