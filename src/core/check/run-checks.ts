/** Asks every question of `akonis check`, one after the other, and tells each answer as it comes. */
import { Effect, FileSystem, Layer, type Scope } from "effect"
import type { Config, TenantConfig } from "../config/load.ts"
import type { Env } from "../config/read.ts"
import { firstUrl } from "../falcon/cloud.ts"
import type { FalconReason } from "../falcon/errors.ts"
import { layerFalcon } from "../falcon/layer.ts"
import type { Http } from "../http/client/http.ts"
import { OneTry } from "../one-try.ts"
import { withoutLogins } from "../telemetry/redact.ts"
import { layerNetwork, proxySettings } from "../tenant/boot.ts"
import { credentialsOf, layerForChecks } from "../tenant/services.ts"
import { type Check, type CheckRow, type CheckServices, type Finding, FolderInUse, failed, unknown } from "./check.ts"
import { childrenFinding } from "./children.ts"
import { grantOf } from "./falcon-finding.ts"
import {
  clusterQuestions,
  configurationQuestions,
  filesQuestion,
  folderQuestion,
  lockQuestion,
  networkFailed,
  portQuestion,
  type Question,
} from "./here.ts"
import { checking } from "./limits.ts"
import {
  clockFinding,
  cloudFinding,
  credentialsFinding,
  findHome,
  proxyFinding,
  type Reached,
  reach,
  reachFinding,
} from "./there.ts"
import { findTwins } from "./twins.ts"

export interface CheckOptions extends Asking {
  readonly version: string
  /** Nothing is sent, written or opened but what the configuration names. */
  readonly offline: boolean
  /** In place of the network of the configuration. */
  readonly network?: Layer.Layer<Http>
}

/** Where answers go, and whose proxy settings count. */
interface Asking {
  readonly env: Env
  readonly onRow: (row: CheckRow) => Effect.Effect<void>
  /** A row takes long: how many seconds by now. */
  readonly onWaiting: (name: string, seconds: number) => Effect.Effect<void>
}

type Needs = FileSystem.FileSystem | Scope.Scope

/** Runs all checks of a configuration. */
export const runChecks = (config: Config, options: CheckOptions): Effect.Effect<void, never, Needs> =>
  Effect.gen(function* () {
    for (const one of configurationQuestions(config)) yield* answer(options, one, one.find)
    for (const { plugin, finding } of yield* findTwins(config))
      yield* options.onRow({ tenant: "", plugin, name: "tenants", tried: "what tenants have in common", ...finding })
    if (options.offline) return
    const in_use = yield* checkFolders(config, options)
    const port = portQuestion(config, in_use)
    yield* answer(options, port, port.find)
    for (const one of clusterQuestions(config, in_use)) yield* answer(options, one, one.find)
    const network = options.network ?? (yield* openNetwork(config, options))
    if (network === undefined) return
    yield* checkTenants(config, options).pipe(
      Effect.provide(network),
      Effect.provideService(OneTry, true),
      Effect.provideService(FolderInUse, in_use),
    )
  })

const openNetwork = (config: Config, options: CheckOptions) =>
  layerNetwork(config, { version: options.version, env: options.env }).pipe(
    Effect.catchTag("ConfigError", (error) => Effect.as(options.onRow(networkFailed(error)), undefined)),
  )

/** Whether another process holds the folder. */
const checkFolders = Effect.fnUntraced(function* (config: Config, options: CheckOptions) {
  const ask = (one: Question) => answer(options, one, one.find)
  const folder = yield* ask(folderQuestion(config.data_dir, ""))
  if (folder.status === "failed") return false
  const lock = yield* ask(lockQuestion(config.data_dir))
  const several = config.tenants.length > 1
  for (const tenant of config.tenants) {
    if (tenant.data_dir !== config.data_dir) yield* ask(folderQuestion(tenant.data_dir, several ? tenant.id : ""))
    yield* ask(filesQuestion(tenant, several ? tenant.id : ""))
  }
  return lock.status === "warning"
})

/** Asks what concerns tenants, and nothing of this machine. Addresses that several tenants share are asked once. */
export const checkTenants = Effect.fnUntraced(function* (config: Config, options: Asking) {
  const known = new Map<string, boolean>()
  const settings = proxySettings(config, options.env)
  const { flight_control, tenants } = config
  if (flight_control !== undefined) {
    const { credentials } = flight_control
    const url = firstUrl(credentials)
    known.set(url, yield* checkWay(url, settings, options))
    const tried = `the children, with client_id ${credentials.client_id}`
    const parent = layerFalcon(credentialsOf(credentials, yield* FileSystem.FileSystem))
    const find = Effect.provide(childrenFinding({ tenants, flight_control }), parent)
    yield* answer(options, { tenant: "", plugin: "", name: "children", tried }, find)
  }
  for (const tenant of tenants) {
    const url = firstUrl(tenant.credentials)
    const usable = known.get(url) ?? (yield* checkWay(url, settings, options))
    known.set(url, usable)
    const shown = config.tenants.length > 1 ? tenant.id : ""
    yield* checkTenant(tenant, shown, usable ? undefined : "Falcon cannot be reached", options)
  }
})

/** Proxy, reachability and clock, by one request. */
const checkWay = Effect.fnUntraced(function* (
  url: string,
  settings: ReturnType<typeof proxySettings>,
  options: Asking,
) {
  let reached: Reached | undefined
  const asked = Effect.suspend(() =>
    reached === undefined
      ? Effect.tap(reach(url, settings), (one) => Effect.sync(() => (reached = one)))
      : Effect.succeed(reached),
  )
  const ask = (name: string, judge: (one: Reached) => Finding) =>
    answer(options, { tenant: "", plugin: "", name, tried: `GET ${url}/ without a token` }, Effect.map(asked, judge))
  const proxy = settings.proxy === undefined ? undefined : (URL.parse(settings.proxy)?.host ?? "the proxy")
  if (proxy !== undefined) yield* ask("proxy", (one) => proxyFinding(one, proxy))
  const way = yield* ask("reachability", reachFinding)
  if (way.status === "failed" || way.status === "unknown") return false
  yield* ask("clock", clockFinding)
  return true
})

const checkTenant = Effect.fnUntraced(function* (
  tenant: TenantConfig,
  shown: string,
  unreachable: string | undefined,
  options: Asking,
) {
  const services = yield* Layer.build(layerForChecks(tenant))
  const ask = (
    name: string,
    tried: string,
    find: Effect.Effect<Finding, never, CheckServices | Scope.Scope>,
    plugin = "",
  ) => answer(options, { tenant: shown, plugin, name, tried }, Effect.provide(find, services))
  const why = unreachable ?? (yield* checkAccess(tenant, ask))
  yield* checkPlugins(tenant, ask, why)
})

type Ask = (
  name: string,
  tried: string,
  find: Effect.Effect<Finding, never, CheckServices | Scope.Scope>,
  plugin?: string,
) => Effect.Effect<Finding, never, Needs>

/** Credentials and cloud. Gives why Falcon cannot be asked for more; `undefined` when it can. */
const checkAccess = Effect.fnUntraced(function* ({ credentials }: TenantConfig, ask: Ask) {
  const found = yield* ask("credentials", `a token for client_id ${credentials.client_id}`, credentialsFinding)
  if (found.status === "ok") {
    yield* ask("cloud", "the region that comes with the token", cloudFinding(credentials))
    return undefined
  }
  if (found.reason === "unauthorized") {
    const home = yield* findHome(credentialsOf(credentials, yield* FileSystem.FileSystem))
    if (home !== undefined)
      yield* ask("cloud", "the same credentials at CrowdStrike's first cloud", Effect.succeed(home))
  }
  return "there is no token"
})

/** So many calls in a row with one of these answers, and Falcon is asked no further: all would be answered alike, each after a long wait. */
const ends_all: Readonly<Partial<Record<FalconReason, number>>> = {
  rate_limited: 1,
  unauthorized: 2,
  timeout: 2,
  unreachable: 2,
}

/** Every check of every plugin, then the scopes that none of them spoke for. */
const checkPlugins = Effect.fnUntraced(function* ({ plugins }: TenantConfig, ask: Ask, unusable: string | undefined) {
  const spoken_for = new Set<string>()
  const skipped: string[] = []
  const refused: boolean[] = []
  let last: FalconReason | undefined
  let in_row = 0
  let why = unusable
  const askOne = Effect.fnUntraced(function* (plugin: string, check: Check) {
    const { name, tried, scopes = [], scope_only = false, asks, find } = check
    if (scope_only && scopes.every((scope) => spoken_for.has(scope))) return
    for (const scope of scopes) spoken_for.add(scope)
    if (asks === "falcon" && why !== undefined) {
      skipped.push(name)
      return
    }
    const finding = yield* ask(name, tried, find, plugin)
    if (asks === "falcon" && scopes.length > 0) refused.push(finding.reason === "forbidden")
    if (asks !== "falcon") return
    in_row = finding.reason === undefined || finding.reason !== last ? 1 : in_row + 1
    last = finding.reason
    if (last !== undefined && in_row >= (ends_all[last] ?? Number.POSITIVE_INFINITY))
      why = `${name} was answered with: ${finding.detail}`
  })
  const all = plugins.flatMap(({ plugin, config }) =>
    (plugin.checks?.(config) ?? []).map((check: Check) => [plugin.id, check] as const),
  )
  // Those that speak for scopes and more come first, whatever the order of the plugins.
  for (const [plugin, check] of all.filter(([, { scope_only }]) => scope_only !== true)) yield* askOne(plugin, check)
  for (const [plugin, check] of all.filter(([, { scope_only }]) => scope_only === true)) yield* askOne(plugin, check)
  for (const { plugin } of plugins)
    for (const scope of plugin.scopes.filter((one: string) => !spoken_for.has(one))) {
      spoken_for.add(scope)
      yield* ask(
        scope,
        "nothing: no call tells",
        Effect.succeed(unknown("not known", `${grantOf([scope])}, if it is not`)),
        plugin.id,
      )
    }
  if (refused.length > 2 && refused.every(Boolean))
    yield* ask("address", "all calls together", Effect.succeed(all_refused))
  if (skipped.length > 0)
    yield* ask("not asked", skipped.join(", "), Effect.succeed(unknown(`not asked: ${why}`, "mend that first")))
})

const all_refused = failed(
  "Falcon refused every call with 403: the address of this machine is not allowed, rather than that every scope is missing",
  "add this machine's address to the IP allow list of the Falcon console; if there is no such list, grant the scopes above",
)

/** Asks one question, no longer than a row may take, tells of the wait, and then the answer. */
const answer = <R>(
  { onRow, onWaiting }: Asking,
  { tenant, plugin, name, tried }: Omit<CheckRow, keyof Finding>,
  find: Effect.Effect<Finding, never, R>,
) =>
  Effect.gen(function* () {
    const waiting = Effect.gen(function* () {
      for (let times = 1; ; times++) {
        yield* Effect.sleep(checking.told_ms)
        yield* onWaiting([tenant, plugin, name].filter(Boolean).join(" "), (times * checking.told_ms) / 1_000)
      }
    })
    const finding = yield* Effect.scoped(Effect.andThen(Effect.forkScoped(waiting), find)).pipe(
      Effect.timeoutOrElse({ duration: checking.row_ms_max, orElse: () => Effect.succeed(silent) }),
    )
    yield* onRow(withoutLoginsIn({ tenant, plugin, name, tried, ...finding }))
    return finding
  })

const silent: Finding = {
  ...failed(
    `no answer within ${checking.row_ms_max / 1_000} s`,
    "look at what lies between: proxy, firewall, or a service that is overloaded; run the check again later",
  ),
  reason: "timeout",
}

/** Rows name URLs of the configuration, which may hold a password. */
const withoutLoginsIn = (row: CheckRow): CheckRow => ({
  ...row,
  tried: withoutLogins(row.tried),
  detail: withoutLogins(row.detail),
  ...(row.remedy !== undefined && { remedy: withoutLogins(row.remedy) }),
})
