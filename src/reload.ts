/**
 * Reads the configuration anew while the process runs: by SIGHUP and by `POST /admin/reload`, one at a time. What is not right is
 * refused whole, and what is in force stays. Every reload is told in the log and in the audit log of every tenant.
 */
import { Cause, Deferred, Effect, type FileSystem, Queue, Result } from "effect"
import type { ServedTenant } from "./api/app.ts"
import type { Reload, ReloadAsked } from "./api/reload.ts"
import type { AuditLine } from "./core/actions/audit.ts"
import { isoNow } from "./core/actions/audit-line.ts"
import { type Refusal, refuse } from "./core/actions/problem.ts"
import { readBeside, refuseUnready } from "./core/config/children.ts"
import type { Config } from "./core/config/load.ts"
import type { ReloadAnswer } from "./core/config/reload-answer.ts"
import { answerOf, digestSecrets, planReload, whyUnreadable, withoutFixed } from "./core/config/reload-plan.ts"
import { ConfigError, type StoreError } from "./core/errors.ts"
import { loadCallers } from "./core/http/server/bearer.ts"
import { reload as limits } from "./core/limits/operator.ts"
import { RepeatsAs } from "./core/telemetry/repeats.ts"
import { single_tenant } from "./core/tenant/identity.ts"
import { withUsableFolders } from "./core/tenant/usable-folders.ts"
import type { InForce, Live } from "./live.ts"

/** How a configuration is read anew; fails when it is not right for what this process does. */
export type ReadAnew = Effect.Effect<Config, ConfigError, FileSystem.FileSystem>

interface Wanted {
  readonly asked: ReloadAsked
  readonly answer: Deferred.Deferred<ReloadAnswer, Refusal>
}

/** Who asks in the name of a signal. */
export const by_signal = { who: "SIGHUP", role: "admin", via: "signal" } as const

/**
 * What is asked for, and the loop that does it, which ends only when it is interrupted. `live`: what runs, once it does. `taken` is told of
 * every configuration that has been put into force, in place of which one, and who asked.
 */
export const makeReload = Effect.fnUntraced(function* (
  live: () => Live,
  read: ReadAnew,
  taken: (now: InForce, before: InForce, asked: ReloadAsked) => Effect.Effect<void> = () => Effect.void,
) {
  const queue = yield* Queue.unbounded<Wanted>()
  const waiting = new Set<Wanted>()
  let is_over = false

  const ask: Reload["ask"] = (asked) =>
    Effect.gen(function* () {
      if (is_over) return yield* stopping
      if (waiting.size >= limits.waiting_max) return yield* tooMany
      const wanted = { asked, answer: yield* Deferred.make<ReloadAnswer, Refusal>() }
      waiting.add(wanted)
      yield* Queue.offer(queue, wanted)
      return yield* Deferred.await(wanted.answer)
    })

  const next = Effect.gen(function* () {
    const wanted = yield* Queue.take(queue)
    const before = live().inForce()
    const done = yield* Effect.result(audited(live(), wanted.asked, reloaded(live(), read)))
    waiting.delete(wanted)
    if (Result.isSuccess(done)) yield* taken(live().inForce(), before, wanted.asked)
    if (Result.isSuccess(done)) yield* Deferred.succeed(wanted.answer, done.success)
    else yield* Deferred.fail(wanted.answer, done.failure)
  })

  const loop: Effect.Effect<never, never, FileSystem.FileSystem> = Effect.forever(next).pipe(
    Effect.ensuring(
      Effect.suspend(() => {
        is_over = true
        return Effect.forEach(waiting, ({ answer }) => Deferred.fail(answer, stopping), { discard: true })
      }),
    ),
  )

  const refused: Reload["refused"] = (asked, detail) =>
    writeAudit(
      live()
        .tenants()
        .filter(({ running }) => asked.tenants?.includes(running.id) ?? true),
      asked,
      () => ({ outcome: "refused", detail }),
    )

  return { reload: { ask, refused } satisfies Reload, loop }
})

const stopping = refuse("not-ready", "the process is stopping")
const tooMany = refuse("not-ready", `${limits.waiting_max} reloads are waiting already`)

/** What a reload does, up to the point where nothing can fail any more: what that gives carries it out. */
interface Prepared {
  readonly answer: ReloadAnswer
  readonly carryOut: Effect.Effect<void>
}

const reloaded = Effect.fnUntraced(function* (
  live: Live,
  read: ReadAnew,
): Effect.fn.Return<Prepared, ConfigError | StoreError, FileSystem.FileSystem> {
  const now = live.inForce()
  const { next, config, needs_restart, replaced } = yield* readNext(now.config, read)
  yield* refuseOtherOrigin(now.config, next)
  yield* refuseUnready(now.config, next)
  const secrets = yield* digestSecrets(config, replaced)
  const unreadable = whyUnreadable(now.secrets, secrets)
  if (unreadable !== undefined) return yield* unreadable
  const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)
  const plan = planReload(now.config, config)
  const prepared = yield* Effect.mapError(
    live.prepare(plan, { config, callers, secrets }),
    ({ message }) => new ConfigError({ source: config.source, key: "tenants", message }),
  )
  const carryOut = Effect.suspend(() => {
    for (const [held, other] of replaced) held.replace(other)
    return prepared
  })
  return { answer: answerOf(plan, now.config, config, [now.secrets, secrets], needs_restart), carryOut }
})

/** The configuration as it would be in force now, without the children that could not be started; `next`: as it was read. */
export const readNext = Effect.fnUntraced(function* (now: Config, read: ReadAnew) {
  const next = yield* readBeside(now, read)
  const { config, ...others } = withoutFixed(now, next)
  return { next, config: yield* withUsableFolders(config, now.tenants), ...others }
})

/** Between a list of tenants and the children of a parent nothing can stay as it was: all tenants would stop, and nobody would list the children. */
const refuseOtherOrigin = (now: Config, { source, flight_control }: Config): Effect.Effect<void, ConfigError> => {
  if ((now.flight_control === undefined) === (flight_control === undefined)) return Effect.void
  const message = "can be set or taken away by a restart only; nothing else was changed either"
  return Effect.fail(new ConfigError({ source, key: "tenants_from", message }))
}

/** Nothing is changed while an audit log cannot be written. */
const audited = (
  live: Live,
  asked: ReloadAsked,
  reloading: Effect.Effect<Prepared, ConfigError | StoreError, FileSystem.FileSystem>,
): Effect.Effect<ReloadAnswer, Refusal, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const before = live.tenants()
    yield* Effect.forEach(before, ({ acting }) => acting.audit.ready, { discard: true })
    const { answer, carryOut } = yield* reloading
    const line = ({ running }: ServedTenant) => ({
      outcome: "success" as const,
      arguments: argumentsFor(running.id, answer),
    })
    yield* logEach(Effect.logInfo(`the configuration was read anew (${asked.who}): ${told(answer)}`))
    yield* writeAudit(before, asked, line)
    yield* carryOut
    const known = new Set(before.map(({ running }) => running.id))
    yield* writeAudit(
      live.tenants().filter(({ running }) => !known.has(running.id)),
      asked,
      line,
    )
    return answer
  }).pipe(
    Effect.catchCause((cause) => {
      const refusal = refusalOf(cause)
      if (refusal === undefined) return Effect.failCause(cause as Cause.Cause<never>)
      const { detail } = refusal.problem
      return Effect.gen(function* () {
        const what = `the configuration was not read anew (${asked.who}), what is in force stays`
        yield* logEach(Effect.logError(`${what}: ${detail}`))
        const tenants = live.tenants()
        // What is wrong may be about another tenant.
        const elsewhere = "the log says what is wrong with the configuration"
        yield* writeAudit(tenants, asked, ({ running }) => ({
          outcome: "failed",
          detail: running.id === single_tenant ? detail : elsewhere,
        }))
        return yield* refusal
      })
    }),
  )

/** Whoever asks for a reload waits for its line, whether or not it says what the last one said. */
const logEach = Effect.provideService(RepeatsAs, "each")

/** Why a reload did not come about; `undefined` when it was interrupted. */
const refusalOf = (cause: Cause.Cause<ConfigError | StoreError>): Refusal | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause) as ConfigError | StoreError | Error
  if (!("_tag" in error)) return refuse("unexpected", `please report it: ${Cause.pretty(cause)}`)
  return error._tag === "ConfigError"
    ? refuse("configuration-refused", error.lines.join("; "))
    : refuse("not-ready", `nothing was changed: ${error.message}`)
}

/** The answer in a line, without what did not happen. */
const told = ({ kept, ...answer }: ReloadAnswer): string => {
  const parts = Object.entries(answer).flatMap(([what, names]) =>
    names.length === 0 ? [] : [`${what.replace("_", " ")}: ${names.join(", ")}`],
  )
  return [...parts, `kept: ${kept.length} ${kept.length === 1 ? "plugin" : "plugins"}`].join("; ")
}

/** Of the answer, what is about one tenant, without its id, and what is about none. */
const argumentsFor = (tenant: string, { kept: _, ...answer }: ReloadAnswer): Readonly<Record<string, unknown>> => {
  const theirs = (name: string): readonly string[] => {
    const [, id, rest] = /^([a-z0-9-]+)(?:\/|: )(.*)$/.exec(name) ?? []
    return id === undefined ? [name] : id === tenant ? [rest!] : []
  }
  return Object.fromEntries(
    Object.entries(answer).flatMap(([what, names]) => {
      const shown = names.flatMap(theirs)
      return shown.length === 0 ? [] : [[what, shown]]
    }),
  )
}

const writeAudit = (
  tenants: readonly ServedTenant[],
  { who, role, via, request_id }: ReloadAsked,
  line: (tenant: ServedTenant) => Pick<AuditLine, "outcome"> & Partial<Pick<AuditLine, "detail" | "arguments">>,
): Effect.Effect<void> =>
  Effect.flatMap(isoNow, (at) =>
    Effect.forEach(
      tenants,
      (tenant) =>
        tenant.acting.audit.write({
          at,
          who,
          role,
          via,
          tenant: tenant.running.id,
          action: "reload",
          ids: [],
          arguments: {},
          trace_ids: [],
          request_id,
          ...line(tenant),
        }),
      { discard: true },
    ),
  )
