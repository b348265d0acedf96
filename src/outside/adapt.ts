/**
 * A plugin from outside as one of ours. Everything that it is asked for is bounded in time and size, and whatever it throws stays
 * here: its health says so, its caller gets an error, and nobody else notices.
 */
import type { Plugin as Declared, AnyAction as DeclaredAction, Enricher } from "akonis/plugin"
import { Cause, Effect, Exit } from "effect"
import { type AnyAction, ArgumentError, type Outcome } from "../core/actions/action.ts"
import { type Check, type Finding, failed, ok } from "../core/check/check.ts"
import { FalconError } from "../core/falcon/errors.ts"
import { texts } from "../core/limits.ts"
import type { AnyPlugin, PluginServices } from "../core/plugin.ts"
import { cleanText } from "../core/text.ts"
import { adaptEnricher } from "./enricher.ts"
import { outside } from "./limits.ts"
import { keepRunning } from "./run.ts"
import { causeText, troubleOf } from "./trouble.ts"

// biome-ignore lint/suspicious/noExplicitAny: of the type that the plugin's own schema gave it.
type Config = any

/** Makes a plugin of ours from a declaration that has been checked. */
export const adapt = (declared: Declared): AnyPlugin => {
  const { id, title, config, enricher, run, check } = declared
  const scopes = new Set([...(declared.scopes ?? []), ...(declared.actions ?? []).flatMap((action) => action.scopes)])
  const actions = (settings: Config) => (declared.actions ?? []).map((action) => adaptAction(id, action, settings))
  const plugin: AnyPlugin = {
    id,
    title,
    enabled_by_default: true,
    config,
    scopes: [...scopes],
    actions: actions(undefined),
    ...(run !== undefined && { run: (settings: Config) => keepRunning(id, () => run(settings)) }),
    ...(enricher !== undefined && {
      enricher: (settings: Config) => adaptEnricher(id, enricher as Enricher, settings),
    }),
    ...(check !== undefined && { checks: (settings: Config) => [checked(() => check(settings))] }),
    withConfig: (settings) => ({ ...plugin, actions: actions(settings) }),
  }
  return plugin
}

const adaptAction = (plugin_id: string, declared: DeclaredAction, config: Config): AnyAction => {
  const { slug, scopes, idempotent, per_call = Number.POSITIVE_INFINITY } = declared
  const run = (args: unknown) =>
    Effect.gen(function* () {
      const trouble = yield* troubleOf(plugin_id, "actions")
      const exit = yield* Effect.exit(
        asEffect<Outcome>(() => declared.run(args as never, { config, scopes, idempotent, per_call })).pipe(
          Effect.flatMap((outcome) => Effect.sync(() => checkedOutcome(slug, outcome))),
          Effect.timeoutOrElse({ duration: outside.action_ms_max, orElse: () => Effect.fail(tooLate(declared)) }),
        ),
      )
      const why = Exit.isFailure(exit) ? unexpected(exit.cause) : undefined
      yield* why === undefined ? trouble.over : trouble.tell("degraded", `${slug}: ${why}`)
      return yield* exit
    })
  return { ...declared, alias: slug, run } as AnyAction
}

/** What an action may fail with is no trouble of the plugin's, unless it did not answer at all. */
const unexpected = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause)
  const is_expected = error instanceof ArgumentError || (error instanceof FalconError && !late.has(error))
  return is_expected ? undefined : causeText(cause)
}

const late = new WeakSet<FalconError>()

const tooLate = ({ slug, changes }: DeclaredAction): FalconError => {
  const error = new FalconError({
    reason: changes ? "outcome_unknown" : "timeout",
    operation: slug,
    errors: [],
    scopes: [],
    message: `${slug} was not done within ${outside.action_ms_max / 1_000} s${changes ? "; whether anything was changed is not known" : ""}`,
  })
  late.add(error)
  return error
}

/** An outcome that an answer can be made of. Throws where it is none. */
const checkedOutcome = (slug: string, outcome: Outcome): Outcome => {
  const { resources, errors, trace_ids, requested, succeeded, failed, skipped = 0 } = outcome
  const lists = [resources, errors, trace_ids].every(Array.isArray)
  const counts = [requested, succeeded, failed, skipped].every((count) => Number.isSafeInteger(count) && count >= 0)
  if (!lists || !counts || succeeded + failed + skipped !== requested)
    throw new Error(
      `${slug} gave no outcome: lists of resources, errors and trace_ids, and counts that add up to requested`,
    )
  const chars = JSON.stringify([resources, errors, trace_ids]).length
  if (chars > outside.answer_chars_max)
    throw new Error(`${slug} answers with ${chars} characters, more than ${outside.answer_chars_max}`)
  return outcome
}

/** Finding out may not work either. */
const checked = (check: () => unknown): Check => ({
  name: "its own check",
  tried: "what the plugin finds out about itself",
  asks: "falcon",
  find: asEffect<Finding>(check).pipe(
    Effect.flatMap((finding) => Effect.sync(() => checkedFinding(finding))),
    Effect.timeoutOrElse({
      duration: outside.check_ms_max,
      orElse: () => Effect.succeed(broken(`nothing was found out within ${outside.check_ms_max / 1_000} s`)),
    }),
    Effect.catchCause((cause) => Effect.succeed(broken(causeText(cause)))),
  ) as Check["find"],
})

const broken = (detail: string): Finding => failed(detail, "tell whoever wrote the plugin")

/** Throws where it is none. */
const checkedFinding = ({ status, detail, remedy }: Finding): Finding => {
  if (!["ok", "warning", "failed"].includes(status) || typeof detail !== "string")
    throw new Error("check gives no finding with status and detail")
  const text = cleanText(detail, texts.cell_chars_max)
  if (status === "ok") return ok(text)
  return {
    status,
    detail: text,
    remedy: cleanText(String(remedy ?? "see the plugin's own documentation"), texts.cell_chars_max),
  }
}

/** What a plugin gives may be no Effect at all, or throw before it gives anything. */
const asEffect = <A>(make: () => unknown): Effect.Effect<A, FalconError | ArgumentError, PluginServices> =>
  Effect.suspend(() => {
    const made = make()
    if (Effect.isEffect(made)) return made as Effect.Effect<A, FalconError | ArgumentError, PluginServices>
    throw new Error("it gives no Effect")
  })
