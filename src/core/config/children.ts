/** `tenants_from: flight-control`: the tenants are the children of the API client's own customer, each with what the configuration says. */
import { Context, Effect, type FileSystem } from "effect"
import { ConfigError } from "../errors.ts"
import { shortList } from "../flight-control/belief.ts"
import { readKnownChildren } from "../flight-control/known-children.ts"
import type { Children } from "../flight-control/list-children.ts"
import type { Config, FlightControl, TenantConfig, UnreadyChild } from "./config.ts"
import { isTree, type Tree } from "./read.ts"
import { secretsIn } from "./secret.ts"
import { type Common, listedTenant, parentCredentials, type TenantEntry, tenantEntries } from "./tenants.ts"

/** Stands in a text below `plugins` for the customer id. */
const placeholder = "{cid}"

/** The tenants of the children that are known, and those that cannot be one: what it takes is missing. Every other mistake is an error. */
export const parseChildren = (
  common: Common,
  known: Children,
): {
  readonly tenants: readonly TenantConfig[]
  readonly flight_control: FlightControl
  /** Customer ids of those that do not speak with the parent's client secret. */
  readonly with_own_secret: ReadonlySet<string>
} => {
  const entries = ownEntries(common)
  const parent = parentCredentials(common)
  // A mistake is told at the start, not when the first child comes, or the one that an entry is about.
  const not_there = [...entries.keys()].filter((cid) => !known.has(cid))
  for (const cid of ["0".repeat(32), ...not_there]) childTenant(common, entries, cid)
  const tenants: TenantConfig[] = []
  const unready: UnreadyChild[] = []
  for (const [cid, name] of known) {
    const made = childTenant(common, entries, cid)
    if ("why" in made) unready.push({ cid, name: nameOf(made.id, name), why: made.why })
    else tenants.push(made)
  }
  const unlisted = new Map(not_there.map((cid) => [cid, entries.get(cid)!.id] as const))
  const with_own_secret = new Set([...entries].flatMap(([cid, { own }]) => (hasSecret(own) ? [cid] : [])))
  return { tenants, flight_control: { credentials: parent, unready, unlisted }, with_own_secret }
}

const hasSecret = (own: Tree): boolean => own.client_secret !== undefined || own.client_secret_file !== undefined

/** Leaves out the children one of whose own secrets cannot be read: their files may come later. */
export const withReadableSecrets = Effect.fnUntraced(function* (
  config: Config,
  { tenants: all, flight_control, with_own_secret }: ReturnType<typeof parseChildren>,
  known: Children,
): Effect.fn.Return<Config, never, FileSystem.FileSystem> {
  const unready = [...flight_control.unready]
  const tenants: TenantConfig[] = []
  for (const tenant of all) {
    const cid = tenant.credentials.member_cid!
    const secrets = [with_own_secret.has(cid) ? tenant.credentials : [], tenant.plugins.map((plugin) => plugin.config)]
    const all = Effect.forEach(secretsIn(secrets), ([, { value }]) => value, { discard: true })
    const unreadable = yield* Effect.flip(all).pipe(
      Effect.map(({ key, message }) => `${key}: ${message}`),
      Effect.orElseSucceed(() => undefined),
    )
    if (unreadable === undefined) tenants.push(tenant)
    else unready.push({ cid, name: nameOf(tenant.id, known.get(cid) ?? ""), why: unreadable })
  }
  return { ...config, tenants, flight_control: { ...flight_control, unready } }
})

/** The process whose configuration is read anew: where it notes its children, and how many of them run. `undefined` at a start. */
const Running = Context.Reference<{ readonly data_dir: string; readonly tenants: number } | undefined>(
  "akonis/core/config/Running",
  { defaultValue: () => undefined },
)

/** Reads a configuration for a process in which another one is in force: its children are those that the process has noted. */
export const readBeside = <A, E, R>(
  { data_dir, tenants, flight_control }: Config,
  read: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  flight_control === undefined ? read : Effect.provideService(read, Running, { data_dir, tenants: tenants.length })

/**
 * The children that were believed to be there when a process listed them last. A start without a note of them has none; a process that runs
 * some and finds no note does not know who is there, which fails.
 */
export const knownChildren = ({
  general,
  source,
}: Common): Effect.Effect<Children, ConfigError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const running = yield* Running
    const data_dir = running?.data_dir ?? general.data_dir
    const refusal = (message: string) => new ConfigError({ source, key: "tenants_from", message })
    const noted = yield* Effect.mapError(readKnownChildren(data_dir), ({ message }) => refusal(message))
    if (noted !== undefined || running === undefined || running.tenants === 0) return noted ?? new Map()
    const message = `${data_dir}/children.json is gone, so it is not known who is there; the next listing writes it again`
    return yield* refusal(message)
  })

/** A child that runs stops when Falcon lists it no longer, and not because something that it takes cannot be had. */
export const refuseUnready = (now: Config, { source, flight_control }: Config): Effect.Effect<void, ConfigError> => {
  const run = new Set(now.tenants.map(({ credentials }) => credentials.member_cid))
  const lacking = (flight_control?.unready ?? []).filter(({ cid }) => run.has(cid))
  if (lacking.length === 0) return Effect.void
  const message = `children that run could not be started with it: ${named(lacking)}; a restart leaves them out`
  return Effect.fail(new ConfigError({ source, key: "tenants_from", message }))
}

const named = (children: readonly UnreadyChild[]): string =>
  shortList(children.map(({ name, why }) => `${name} (${why})`))

/** Says in one text which children are not started, and why. */
export const tellUnready = ({ unready, unlisted }: FlightControl): string => {
  const parts = [
    ...(unready.length === 0 ? [] : [`not started: ${named(unready)}`]),
    ...(unlisted.size === 0
      ? []
      : [`in the configuration, and no child of this customer: ${shortList([...unlisted.values()])}`]),
  ]
  return parts.join("; ")
}

const nameOf = (id: string, name: string): string => (name === "" ? id : `${id} "${name}"`)

/** What the list `tenants` says of single children, by their customer ids. */
const ownEntries = ({ tree, source }: Common): ReadonlyMap<string, TenantEntry> => {
  if (tree.tenants === undefined) return new Map()
  const entries = tenantEntries(tree, source).map((entry, i) => {
    const { member_cid } = entry.own
    const cid = typeof member_cid === "string" ? member_cid.slice(0, 32).toLowerCase() : ""
    if (/^[0-9a-f]{32}$/.test(cid)) return [cid, entry] as const
    const message = "with tenants_from, says which child this is: its customer id of 32 hexadecimal characters"
    throw new ConfigError({ source, key: `tenants[${i}].member_cid`, message })
  })
  const twice = entries.findIndex(([cid], i) => entries.findIndex(([other]) => other === cid) < i)
  if (twice < 0) return new Map(entries)
  const message = `another entry is about ${entries[twice]![0]} already`
  throw new ConfigError({ source, key: `tenants[${twice}].member_cid`, message })
}

/** The tenant of a child, or why it cannot be one. */
const childTenant = (
  common: Common,
  entries: ReadonlyMap<string, TenantEntry>,
  cid: string,
): TenantConfig | { readonly id: string; readonly why: string } => {
  const entry = entries.get(cid) ?? { id: cid, own: {} }
  const at = [...entries.keys()].indexOf(cid)
  const path = at < 0 ? `children.${cid}` : `tenants[${at}]`
  const own: Tree = { ...entry.own, member_cid: cid }
  const filled = { ...common, tree: { ...common.tree, plugins: withCid(common.tree.plugins, cid) } }
  try {
    return listedTenant(filled, { id: entry.id, own: withCid(own, cid) as Tree }, path)
  } catch (error) {
    if (!(error instanceof ConfigError) || !isMissing(error)) throw error
    const keys = error.lines.map((line) => /([\w-]+\.[\w-]+): is missing/.exec(line)?.[1] ?? "a key")
    return { id: entry.id, why: `${keys.join(" and ")} is missing` }
  }
}

const isMissing = ({ message }: ConfigError): boolean =>
  message.split("\n").every((line) => /\bis missing\b/.test(line))

/** A block with the customer id in the place of every `{cid}` in its texts. */
const withCid = (block: unknown, cid: string): unknown => {
  if (typeof block === "string") return block.replaceAll(placeholder, cid)
  if (Array.isArray(block)) return block.map((one) => withCid(one, cid))
  if (!isTree(block)) return block
  return Object.fromEntries(Object.entries(block).map(([key, value]) => [key, withCid(value, cid)]))
}
