/** Runs an action. HTTP, MCP and the command line all end here. */
import { createHash } from "node:crypto"
import { Cause, type Context, Effect, Exit, Redacted, Semaphore } from "effect"
import type { GuardsConfig } from "../config/schema.ts"
import type { StoreError } from "../errors.ts"
import type { WatchCalls } from "../falcon/call-watch.ts"
import type { FalconError } from "../falcon/errors.ts"
import { forPurpose } from "../http/client/purpose.ts"
import type { EnabledPlugin, PluginServices } from "../plugin.ts"
import { lookAgainMs } from "../store/look-again.ts"
import type { HealthCell } from "../telemetry/health.ts"
import type { RunningTenant } from "../tenant/boot.ts"
import { Tenant } from "../tenant/identity.ts"
import type { AnyAction, Args, ArgumentError, Outcome } from "./action.ts"
import { type Approvals, makeApprovals } from "./approvals.ts"
import { type Audit, type AuditLine, makeAudit } from "./audit.ts"
import { auditLine, isoNow, withOutcome } from "./audit-line.ts"
import { countRun } from "./count-runs.ts"
import { planned } from "./dry-run.ts"
import { failWhenNothing } from "./error-priority.ts"
import { type Guards, makeGuards } from "./guards.ts"
import { type Begun, type Journal, journalOf, type Reply } from "./idempotency.ts"
import { nameTenant } from "./name-tenant.ts"
import { fieldErrors, invalidArguments, type ProblemBody, Refusal, refuse } from "./problem.ts"
import { makeRegistry, type Registry } from "./registry.ts"
import {
  type ActionResponse,
  type Asked,
  answerOf,
  dryRunAnswer,
  type Executed,
  isFinal,
  problemFor,
} from "./response.ts"
import { makeRuns, type Runs } from "./runs.ts"
import { spanOfRun, tellRun } from "./tell-run.ts"
import { lastingCell, makeWatching, type Watching } from "./watching.ts"

/** The actions of one tenant, with what they need to run. */
export interface ActionTenant extends Registry {
  readonly id: string
  readonly services: Context.Context<PluginServices>
  readonly audit: Audit
  readonly guards: Guards
  readonly approvals: Approvals
  readonly runs: Runs
  readonly watching: Watching
  /** The journal; opened at first use, and tried again when that failed. Fails, too, while the audit log cannot be written; health says so. */
  readonly journal: Effect.Effect<Journal, StoreError>
  /** Never ends: while the journal or the audit log cannot be used, looks now and then whether they can be again, so that health says so. */
  readonly watchRecords: Effect.Effect<never>
  /** The tenant with other plugins and guards. Its audit log, journal, approvals and runs are the same ones. */
  readonly change: (plugins: readonly EnabledPlugin[], guards: GuardsConfig) => Effect.Effect<ActionTenant>
}

interface ActionTenantOptions {
  /** This process holds the lock of the data folder; see `openJournal`. */
  readonly owner: boolean
  readonly guards: GuardsConfig
  /** Audit log and journal of whoever has no data folder, in place of its files. */
  readonly records?: { readonly audit: Audit; readonly journal: Effect.Effect<Journal> }
  /** A folder of this process alone, where the journal lies in place of the data folder, and is read whoever owns that one. */
  readonly journal_dir?: string
}

export const makeActionTenant = Effect.fnUntraced(function* (
  tenant: RunningTenant,
  options: ActionTenantOptions,
): Effect.fn.Return<ActionTenant> {
  return yield* Effect.gen(function* () {
    const { data_dir } = yield* Tenant
    const services = yield* Effect.context<PluginServices>()
    const { journal_dir = data_dir, records } = options
    const audit = records?.audit ?? (yield* makeAudit(data_dir, options))
    const owns_journal = { owner: options.owner || options.journal_dir !== undefined }
    const own = Effect.provide(journalOf(journal_dir, audit, owns_journal), services)
    const open = records?.journal ?? tenant.journal?.(audit) ?? own
    const cells = new Map<string, HealthCell>()
    const watches = new Map<string, WatchCalls>()
    let is_unusable = false
    const tell = (status: "ok" | "failed", detail: string) =>
      Effect.suspend(() => {
        is_unusable = status === "failed"
        return Effect.forEach(cells.values(), (cell) => cell.set(status, detail), { discard: true })
      })
    const journal = Effect.andThen(audit.ready, open).pipe(
      Effect.tap(() => tell("ok", "")),
      Effect.tapError(({ message }) => tell("failed", `${message}; what changes something is refused until it can be`)),
      Semaphore.makeUnsafe(1).withPermits(1), // One at a time: the look that began last has the last word.
    )
    let tries = 0
    const watchRecords = Effect.forever(
      Effect.andThen(
        Effect.suspend(() => {
          tries = is_unusable ? tries + 1 : 0
          return Effect.sleep(lookAgainMs(tries, { is_shared: tenant.journal !== undefined }))
        }),
        Effect.suspend(() => (is_unusable ? Effect.ignore(journal) : Effect.void)),
      ),
    )
    const approvals = yield* makeApprovals(data_dir)
    const runs = yield* makeRuns(data_dir, services)
    const lasting = { id: tenant.id, services: tenant.services, audit, approvals, runs, journal, watchRecords }
    const change: ActionTenant["change"] = Effect.fnUntraced(function* (plugins, wanted) {
      const changing = plugins.filter(({ plugin }) => plugin.actions.some(({ changes }) => changes))
      for (const { plugin } of changing.filter((one) => !cells.has(one.plugin.id)))
        cells.set(plugin.id, yield* lastingCell(plugin.id, "records"))
      const registry = makeRegistry(plugins)
      const guards = yield* makeGuards(wanted, services)
      return { ...lasting, ...registry, guards, watching: yield* makeWatching(plugins, registry, watches), change }
    }, Effect.provide(tenant.services))
    return yield* change(tenant.plugins, options.guards)
  }).pipe(Effect.provide(tenant.services))
})

/** Checks the arguments and runs the action. Every failure is a `Refusal`, whose problem document carries the request id. */
export const execute = (
  tenant: ActionTenant,
  action: AnyAction,
  raw: unknown,
  asked: Asked,
): Effect.Effect<Executed, Refusal> =>
  Effect.gen(function* () {
    const parsed = action.arguments.safeParse(raw)
    if (!parsed.success) {
      return yield* new Refusal({ problem: invalidArguments(action, fieldErrors(parsed.error)) })
    }
    return yield* perform(tenant, action, parsed.data, asked)
  }).pipe(withRequestId(asked.request_id), nameTenant(tenant.id))

/** Runs an action whose arguments have been checked. Every failure is a `Refusal`, whose problem document carries the request id. */
export const perform = (
  tenant: ActionTenant,
  action: AnyAction,
  args: Args,
  asked: Asked,
): Effect.Effect<Executed, Refusal> =>
  Effect.gen(function* () {
    if (asked.read_only && action.changes) {
      const refusal = refuse("read-only", `${action.slug} changes something, and the configuration says read_only`)
      yield* auditRefusal(tenant, action, args, asked, refusal)
      return yield* refusal
    }
    const run = Effect.suspend(() => action.run(args)).pipe(
      Effect.flatMap((outcome) => failWhenNothing(action, outcome)),
      Effect.provide(tenant.services),
      forPurpose("action"),
    )
    const warnings = action.warnings?.(args) ?? []
    if (asked.dry_run) {
      const all = Effect.andThen(
        tenant.guards.look(action, args),
        Effect.suspend(() => action.run(args)),
      )
      const exit = yield* Effect.exit(Effect.provide(planned(all), tenant.services))
      const foreseen = [...warnings, ...(yield* tenant.guards.foresee(action, args))]
      if (Exit.isSuccess(exit)) return { answer: dryRunAnswer(action, exit.value, asked, foreseen), replayed: false }
      return yield* new Refusal({ problem: yield* problemFor(action, exit.cause, asked) })
    }
    // A lookup ignores the idempotency key: it runs again.
    if (!action.changes) {
      const exit = yield* Effect.exit(run)
      yield* tellRun(tenant.id, action, asked, exit)
      if (Exit.isSuccess(exit)) return { answer: answerOf(action, exit.value, asked, warnings), replayed: false }
      return yield* new Refusal({ problem: yield* problemFor(action, exit.cause, asked) })
    }
    return yield* recorded(tenant, action, args, asked, run)
  }).pipe(
    tenant.watching(action),
    countRun(tenant.id, action),
    withRequestId(asked.request_id),
    nameTenant(tenant.id),
    spanOfRun(tenant.id, action, asked),
  )

/** Runs a change with its beginning and its end in the journal, so that a key replays its answer and a crash is noticed. */
const recorded = (
  tenant: ActionTenant,
  action: AnyAction,
  args: Args,
  asked: Asked,
  run: Effect.Effect<Outcome, FalconError | ArgumentError>,
): Effect.Effect<Executed, Refusal> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const line = yield* auditLine(tenant.id, action, args, asked)
      const begun = yield* begin(tenant, action, args, asked, line)
      if ("replay" in begun) return yield* fromReply(begun.replay, true)
      const guarded = yield* Effect.exit(restore(pass(tenant, action, args, asked)))
      if (Exit.isFailure(guarded)) {
        const refusal = guardRefusal(guarded.cause)
        yield* begun.end(replyOf(refusal.problem, asked), false)
        yield* auditRefusal(tenant, action, args, asked, refusal)
        return yield* refusal
      }
      const exit = yield* Effect.exit(restore(run))
      yield* tellRun(tenant.id, action, asked, exit)
      const reply: Reply = Exit.isSuccess(exit)
        ? { status: 200, body: answerOf(action, exit.value, asked, action.warnings?.(args) ?? []) }
        : replyOf(yield* problemFor(action, exit.cause, asked), asked)
      yield* tenant.audit.write(withOutcome(line, action, exit, reply, yield* isoNow))
      yield* begun.end(reply, isFinal(action, exit))
      return yield* fromReply(reply, false)
    }),
  )

/** What stands between a run and Falcon: a second person where one is wanted, then the guards. */
const pass = Effect.fnUntraced(function* (tenant: ActionTenant, action: AnyAction, args: Args, asked: Asked) {
  if (asked.approved_by === undefined && tenant.guards.needsApproval(action)) {
    const waiting = yield* tenant.approvals.submit({
      who: asked.caller.name,
      role: asked.caller.role,
      owner: yield* ownerOf(tenant, asked.caller),
      via: asked.via,
      request_id: asked.request_id,
      ...(asked.idempotency_key !== undefined && { idempotency_key: asked.idempotency_key }),
      action: action.slug,
      hash: hashOf(args),
      arguments: args,
    })
    const detail = `nothing was done yet: ${action.slug} runs once another caller approves ${waiting.id}, until ${waiting.until}`
    return yield* refuse("approval-needed", detail, { approval_id: waiting.id })
  }
  yield* tenant.guards.check(action, args)
})

/** A run that a guard did not let pass, or that was stopped while it was looked at: nothing has been sent to change anything. */
const guardRefusal = (cause: Cause.Cause<Refusal>): Refusal => {
  const error = Cause.squash(cause)
  return error instanceof Refusal ? error : refuse("not-ready", "nothing was done: the guards could not be checked")
}

/** Writes the beginning into the journal. Nothing may be changed while journal or audit log cannot be written. */
const begin = Effect.fnUntraced(function* (
  tenant: ActionTenant,
  action: AnyAction,
  args: Args,
  asked: Asked,
  line: AuditLine,
): Effect.fn.Return<Begun, Refusal> {
  const notReady = (error: StoreError) => refuse("not-ready", `nothing was done: ${error.message}`)
  const journal = yield* Effect.mapError(tenant.journal, notReady)
  const owner = asked.owner ?? (yield* ownerOf(tenant, asked.caller))
  const key =
    asked.idempotency_key === undefined ? undefined : JSON.stringify([owner, action.slug, asked.idempotency_key])
  const attempt = { key, owner, hash: hashOf(args), audit: line }
  return yield* Effect.tapError(journal.begin(attempt), (refusal) => auditRefusal(tenant, action, args, asked, refusal))
})

/** Whose idempotency keys they are: a digest of the token, so that a new token of an old name does not get the old answers. */
export const ownerOf = ({ services }: ActionTenant, { name, token }: Asked["caller"]): Effect.Effect<string> =>
  token === undefined
    ? Effect.succeed(name)
    : token.value.pipe(
        Effect.map((secret) => createHash("sha256").update(Redacted.value(secret)).digest("base64url").slice(0, 22)),
        Effect.orElseSucceed(() => name),
        Effect.provide(services),
      )

const replyOf = (problem: ProblemBody, { request_id }: Asked): Reply => ({
  status: problem.status,
  body: { ...problem, request_id },
})

const fromReply = (reply: Reply, was_replayed: boolean): Effect.Effect<Executed, Refusal> =>
  reply.status === 200
    ? Effect.succeed({ answer: reply.body as ActionResponse, replayed: was_replayed })
    : new Refusal({ problem: reply.body as ProblemBody, replayed: was_replayed })

/** Writes an audit line for an attempt that we refused. */
export const auditRefusal = (
  tenant: ActionTenant,
  action: AnyAction,
  args: Args,
  asked: Asked,
  { problem }: Refusal,
): Effect.Effect<void> =>
  Effect.flatMap(auditLine(tenant.id, action, args, asked), (line) =>
    tenant.audit.write({ ...line, outcome: "refused", detail: problem.detail }),
  )

const withRequestId =
  (request_id: string) =>
  <A>(effect: Effect.Effect<A, Refusal>): Effect.Effect<A, Refusal> =>
    Effect.mapError(
      effect,
      ({ problem, replayed = false }) =>
        new Refusal({ problem: { ...problem, request_id: problem.request_id ?? request_id }, replayed }),
    )

const hashOf = (args: Args): string => createHash("sha256").update(canonical(args)).digest("base64url")

/** JSON with sorted keys, so that the order of arguments makes no difference. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
