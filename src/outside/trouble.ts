/** What a plugin from outside does wrong, told to its health and to the log. */
import { Cause, Effect, Exit, Scope } from "effect"
import { texts } from "../core/limits.ts"
import { Health, type Status } from "../core/telemetry/health.ts"
import { cleanText } from "../core/text.ts"
import { onStrayErrors, placeIn } from "./stray-errors.ts"

export interface Trouble {
  /** Health and the log say it; the log once for each text. */
  readonly tell: (status: Status, detail: string) => Effect.Effect<void>
  /** It works again. */
  readonly over: Effect.Effect<void>
}

/** One cell for each plugin, part and tenant, for as long as the process lives: actions come and go. */
const known = new WeakMap<object, Map<string, Trouble>>()

/**
 * The trouble of one part of a plugin. A process without health (a command) only logs. From the first time on, errors of the plugin
 * that nobody awaits are told, too.
 */
export const troubleOf = (plugin_id: string, part: string): Effect.Effect<Trouble> =>
  Effect.gen(function* () {
    const health = yield* Effect.serviceOption(Health)
    if (health._tag === "None") return logOnly(plugin_id)
    if (!known.get(health.value)?.has(`${plugin_id} ${stray}`) && part !== stray) yield* tellStray(plugin_id)
    const own = known.get(health.value) ?? new Map<string, Trouble>()
    known.set(health.value, own)
    const name = `${plugin_id} ${part}`
    const found = own.get(name)
    if (found !== undefined) return found
    const cell = yield* Effect.provideService(health.value.cell(plugin_id, part), Scope.Scope, Scope.makeUnsafe())
    let told = ""
    const trouble: Trouble = {
      tell: (status, detail) =>
        Effect.gen(function* () {
          yield* cell.set(status, detail)
          if (told !== detail) yield* Effect.logError(`the plugin ${plugin_id}: ${detail}`)
          told = detail
        }),
      over: Effect.suspend(() => {
        if (told === "") return Effect.void
        told = ""
        return cell.set("ok", "")
      }),
    }
    own.set(name, trouble)
    return trouble
  })

const stray = "stray errors"

const tellStray = Effect.fnUntraced(function* (plugin_id: string) {
  const trouble = yield* troubleOf(plugin_id, stray)
  const context = yield* Effect.context<never>()
  onStrayErrors(plugin_id, (error) => {
    Effect.runForkWith(context)(trouble.tell("degraded", `${causeText(Cause.die(error))}; nobody awaited it`))
  })
})

const logOnly = (plugin_id: string): Trouble => ({
  tell: (_, detail) => Effect.logError(`the plugin ${plugin_id}: ${detail}`),
  over: Effect.void,
})

/** Why something ended, in one line, with the line of the plugin's source where that is known. */
export const causeText = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const place = placeIn(error)
  return cleanText(`${String(error)}${place === undefined ? "" : ` (${place})`}`, texts.cell_chars_max)
}

/** As `causeText`, of an end that may have been none. */
export const exitText = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isSuccess(exit) ? "its work ended by itself" : causeText(exit.cause)
