/** `akonis dead-letters`: look at what could not be delivered, try it again, clear it away. */
import { Effect, FileSystem, type Option, type Scope } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { makeAudit } from "../core/actions/audit.ts"
import type { Config, TenantConfig } from "../core/config/load.ts"
import { type Uses, uses } from "../core/config/plugins.ts"
import { auditPurge, auditReplay } from "../core/delivery/dead-letter-admin.ts"
import { oneAtATime, purge, readDeadLetters, replay } from "../core/delivery/dead-letter-files.ts"
import { type DeadLetter, rawBytes } from "../core/delivery/dead-letters.ts"
import { ConfigError, type StoreError } from "../core/errors.ts"
import { enrichersOf } from "../core/plugin.ts"
import { lockFolder } from "../core/store/lock.ts"
import { writeError } from "../core/telemetry/standard-error.ts"
import { filesOf, layerNetwork } from "../core/tenant/boot.ts"
import { Tenant } from "../core/tenant/identity.ts"
import { version } from "../version.ts"
import {
  complain,
  configFlag,
  configOf,
  Exit,
  endCommand,
  env,
  explain,
  jsonFlag,
  openOne,
  type Plugins,
  print,
  quietLog,
  shellUser,
  tenantFlag,
  tenantOf,
  write,
} from "./common.ts"
import { table } from "./table.ts"

const common = { config: configFlag, tenant: tenantFlag }
const allFlag = (description: string) =>
  Flag.Boolean("all").pipe(Flag.withDescription(description), Flag.withDefault(false))
const ids = Argument.String("id").pipe(Argument.withDescription("Ids as `list` shows them"), Argument.variadic())

type Common = { readonly config: Option.Option<string>; readonly tenant: Option.Option<string> }

interface Found {
  readonly config: Config
  readonly tenant: TenantConfig
  /** Where its dead letters and its audit log lie: the data folder, or the database of a cluster. */
  readonly inFiles: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, FileSystem.FileSystem>>
}

/** The configuration, as far as it is used, and the tenant that is meant. */
const meant = Effect.fnUntraced(function* (
  flags: Common,
  used: Uses,
): Effect.fn.Return<Found, ConfigError | StoreError, FileSystem.FileSystem | Plugins | Scope.Scope> {
  const config = yield* configOf(flags.config, used)
  const tenant = yield* tenantOf(config, flags.tenant)
  const files = yield* filesOf(config, tenant, version)
  return { config, tenant, inFiles: Effect.provideService(FileSystem.FileSystem, files) }
})

const list = Command.make(
  "list",
  { ...common, json: jsonFlag, all: allFlag("Also those that were replayed") },
  (flags) =>
    explain(
      Effect.gen(function* () {
        const { tenant, inFiles } = yield* meant(flags, uses.files)
        const { letters, replayed, torn } = yield* inFiles(readDeadLetters(tenant.data_dir))
        const shown = letters.filter((letter) => flags.all || !replayed.has(letter.id))
        if (flags.json) for (const letter of shown) yield* print(JSON.stringify(letter))
        else if (shown.length === 0) yield* print("no dead letters")
        else
          yield* print(
            table([
              ["ID", "AT", "REASON", "OFFSET", "BYTES", "DETAIL"],
              ...shown.map((letter) => columns(letter, replayed)),
            ]),
          )
        if (torn > 0)
          yield* complain(
            `${torn} lines are no record: cut short by a crash, after which their events were recorded again`,
          )
      }).pipe(Effect.scoped),
    ),
).pipe(Command.withDescription("List what could not be delivered"))

const columns = (letter: DeadLetter, replayed: ReadonlySet<string>): string[] => [
  letter.id,
  letter.at,
  letter.reason,
  String(letter.offset ?? "-"),
  String(letter.bytes),
  replayed.has(letter.id) ? `replayed; ${letter.detail}` : letter.detail,
]

const show = Command.make(
  "show",
  {
    ...common,
    id: Argument.String("id").pipe(Argument.withDescription("As `list` shows it")),
    raw: Flag.Boolean("raw").pipe(Flag.withDescription("Only the bytes that Falcon sent"), Flag.withDefault(false)),
  },
  (flags) =>
    explain(
      Effect.gen(function* () {
        const { tenant, inFiles } = yield* meant(flags, uses.files)
        const { letters } = yield* inFiles(readDeadLetters(tenant.data_dir))
        const letter = letters.find(({ id }) => id === flags.id)
        if (letter === undefined) {
          return yield* endCommand(1, `there is no dead letter ${flags.id}`)
        }
        if (flags.raw) yield* write(rawBytes(letter))
        else yield* print(JSON.stringify(letter, null, 2))
      }).pipe(Effect.scoped),
    ),
).pipe(Command.withDescription("Show one, with its raw bytes"))

const replayCommand = Command.make(
  "replay",
  { ...common, ids, all: allFlag("All that were not replayed yet") },
  (flags) =>
    explain(
      Effect.gen(function* () {
        const { config, tenant, inFiles } = yield* meant(flags, uses.destination)
        const plugin = tenant.plugins.find(({ plugin }) => plugin.destination !== undefined)
        if (plugin === undefined) {
          const message = "no plugin that delivers events is on, so there is no destination to replay to"
          return yield* new ConfigError({ source: config.source, key: "plugins", message })
        }
        const wantedNow = Effect.gen(function* () {
          const { letters, replayed } = yield* inFiles(readDeadLetters(tenant.data_dir))
          const wanted = letters.filter(({ id }) => !replayed.has(id) && (flags.all || flags.ids.includes(id)))
          if (wanted.length > 0) return wanted
          yield* complain(flags.all || flags.ids.length > 0 ? "nothing to replay" : "name ids, or --all")
          return yield* new Exit({ status: flags.all ? 1 : 2 })
        })
        yield* wantedNow
        const network = yield* layerNetwork(config, { version, env })
        const destination = yield* plugin.plugin.destination!(plugin.config).pipe(
          Effect.provide(network),
          Effect.provideService(Tenant, tenant),
        )
        if (destination.is_exclusive) yield* lockFolder(config.data_dir)
        const replaying = Effect.gen(function* () {
          const wanted = yield* wantedNow
          const enrichers = wanted.some(({ reason }) => reason === "not_enriched") ? yield* enrichersFor(flags) : []
          const audited = yield* inFiles(auditOf(tenant))
          let first_error: string | undefined
          const outcome = yield* inFiles(
            replay(tenant.data_dir, wanted, destination, enrichers, (letter, error) => {
              first_error ??= error
              return error === undefined ? print(`${letter.id} delivered`) : complain(`${letter.id}: ${error}`)
            }),
          )
          yield* auditReplay(audited, byShell(), wanted, outcome, first_error)
          yield* print(`${outcome.delivered} delivered, ${outcome.refused} refused`)
          if (outcome.refused > 0) return yield* new Exit({ status: 1 })
        })
        yield* inFiles(oneAtATime(tenant.data_dir, replaying))
      }).pipe(Effect.scoped, Effect.provide(quietLog("warn"))),
    ),
).pipe(Command.withDescription("Post dead letters to the destination again"))

/** The enrichers of a tenant's plugins: only they need Falcon. */
const enrichersFor = Effect.fnUntraced(function* (flags: Common) {
  const { plugins, services } = yield* openOne(yield* configOf(flags.config, uses.work), flags.tenant)
  return yield* Effect.provide(enrichersOf(plugins), services)
})

const purgeCommand = Command.make(
  "purge",
  {
    ...common,
    all: allFlag("Also those that were never delivered"),
    yes: Flag.Boolean("yes").pipe(Flag.withDescription("With --all: do not ask"), Flag.withDefault(false)),
  },
  (flags) =>
    explain(
      Effect.gen(function* () {
        const { config, tenant, inFiles } = yield* meant(flags, uses.files)
        const { letters, replayed } = yield* inFiles(readDeadLetters(tenant.data_dir))
        const lost = letters.filter(({ id }) => !replayed.has(id)).length
        if (flags.all && !flags.yes && lost > 0) yield* confirmLoss(lost)
        if (letters.length === 0) return yield* print("0 removed, 0 kept")
        const audited = yield* inFiles(auditOf(tenant))
        // In a cluster another process may be recording.
        const alone =
          config.cluster === undefined && (yield* Effect.option(lockFolder(config.data_dir)))._tag === "Some"
        // Where nobody was asked, because there was nothing to lose, what is recorded meanwhile is not lost either.
        const which = flags.all && (flags.yes || lost > 0) ? "all" : "replayed"
        const outcome = yield* inFiles(oneAtATime(tenant.data_dir, purge(tenant.data_dir, which, alone)))
        yield* auditPurge(audited, byShell(), which, outcome)
        const why = alone || outcome.kept === 0 ? "" : "; today's stay while a worker runs"
        yield* print(`${outcome.removed} removed, ${outcome.kept} kept${why}`)
      }).pipe(Effect.scoped),
    ),
).pipe(Command.withDescription("Remove dead letters that were replayed (or all)"))

/** Lets somebody type how many events are lost for good. Without a terminal nobody can, and nothing is done. */
const confirmLoss = Effect.fnUntraced(function* (lost: number) {
  const what = `${lost} ${lost === 1 ? "event that was" : "events that were"} never delivered would be lost for good`
  if (!process.stdin.isTTY) {
    return yield* endCommand(2, `${what}; say --yes where no terminal can be asked`)
  }
  writeError(`${what}. Type ${lost} to remove them: `)
  if ((yield* typedLine) === String(lost)) return
  return yield* endCommand(1, "nothing was removed")
})

/** A line that somebody types; empty where the input ends instead (Ctrl-D). */
const typedLine = Effect.callback<string>((resume) => {
  const { stdin } = process
  const finish = (text: string) => {
    stdin.off("data", onData).off("end", onEnd).pause()
    resume(Effect.succeed(text))
  }
  const onData = (line: Uint8Array) => finish(Buffer.from(line).toString().trim())
  const onEnd = () => finish("")
  stdin.on("data", onData).on("end", onEnd).resume()
})

/** The audit log of a tenant, beside the process that may own it. Fails while it cannot be written: then nothing is done. */
const auditOf = Effect.fnUntraced(function* ({ id, data_dir }: TenantConfig) {
  const audit = yield* makeAudit(data_dir, { owner: false })
  yield* audit.ready
  return { id, audit }
})

const byShell = () => ({
  caller: shellUser(),
  via: "shell" as const,
  request_id: crypto.randomUUID(),
})

export const deadLetters = Command.make("dead-letters").pipe(
  Command.withDescription("Events that could not be delivered"),
  Command.withSubcommands([list, show, replayCommand, purgeCommand]),
)
