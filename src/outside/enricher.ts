/** An enricher from outside: bounded in time and size, and left alone for a while when it breaks again and again. */
import type { Enricher as Declared, SourceEvent } from "akonis/plugin"
import { Cause, Clock, Effect, Exit } from "effect"
import { type Enricher, NotEnriched } from "../core/delivery/enricher.ts"
import { FalconError } from "../core/falcon/errors.ts"
import { jsonObject } from "../core/json-object.ts"
import type { PluginServices } from "../core/plugin.ts"
import { outside } from "./limits.ts"
import { causeText, troubleOf } from "./trouble.ts"

/** Makes an enricher of ours. */
export const adaptEnricher = Effect.fnUntraced(function* (
  plugin_id: string,
  declared: Declared,
  config: unknown,
): Effect.fn.Return<Enricher, never, PluginServices> {
  const services = yield* Effect.context<PluginServices>()
  const trouble = yield* troubleOf(plugin_id, "enricher")
  let failures = 0
  let paused_until_ms = 0

  const enrich = (noted: string) =>
    Effect.gen(function* () {
      const now_ms = yield* Clock.currentTimeMillis
      if (now_ms < paused_until_ms)
        return yield* new NotEnriched({
          message: `${plugin_id} is left alone for a while, since it broke ${failures} times in a row`,
        })
      const exit = yield* Effect.exit(bounded(() => declared.enrich(noted, config as never)))
      if (Exit.isSuccess(exit)) {
        failures = 0
        yield* trouble.over
        return exit.value
      }
      if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
      const error = Cause.squash(exit.cause)
      if (error instanceof NotEnriched || error instanceof FalconError)
        return yield* new NotEnriched({ message: error.message })
      const why = causeText(exit.cause)
      failures++
      const is_paused = failures >= outside.failures_in_row_max
      if (is_paused) paused_until_ms = (yield* Clock.currentTimeMillis) + outside.pause_ms
      const next = `${failures} in a row; for ${outside.pause_ms / 1_000} s nothing is asked of it`
      yield* trouble.tell(is_paused ? "failed" : "degraded", is_paused ? `${why}; ${next}` : why)
      return yield* new NotEnriched({ message: `${plugin_id}: ${why}` })
    }).pipe(Effect.provide(services))

  return {
    plugin_id,
    event_types: [...declared.event_types],
    fields: [...declared.fields],
    refOf: (event) => checkedRef(declared.pick(event as SourceEvent, config as never)),
    enrich,
  }
})

/** Throws where it is no small JSON text. */
const checkedRef = (ref: unknown): string | undefined => {
  if (ref === undefined) return undefined
  if (typeof ref !== "string") throw new Error("pick gives neither a text nor undefined")
  if (ref.length > outside.ref_chars_max) throw new Error(`pick notes more than ${outside.ref_chars_max} characters`)
  return ref
}

const bounded = (enrich: () => unknown): Effect.Effect<readonly string[], unknown, PluginServices> =>
  Effect.suspend(() => {
    const made = enrich()
    if (!Effect.isEffect(made)) throw new Error("enrich gives no Effect")
    return made as Effect.Effect<unknown, unknown, PluginServices>
  }).pipe(
    Effect.flatMap((events) => Effect.sync(() => checkedEvents(events))),
    Effect.timeoutOrElse({
      duration: outside.enrich_ms_max,
      orElse: () => Effect.die(new Error(`enrich did not end within ${outside.enrich_ms_max / 1_000} s`)),
    }),
  )

/** Throws where they are no events, or too many. */
const checkedEvents = (events: unknown): readonly string[] => {
  if (!Array.isArray(events)) throw new Error("enrich gives no list of texts")
  if (events.length > outside.events_max)
    throw new Error(`enrich gives ${events.length} events, more than ${outside.events_max}`)
  let chars = 0
  for (const event of events) {
    if (typeof event !== "string" || !isObject(event))
      throw new Error("enrich gives something that is no text of one JSON object")
    chars += event.length
  }
  if (chars > outside.events_chars_max) throw new Error(`enrich gives more than ${outside.events_chars_max} characters`)
  return events
}

const isObject = (text: string): boolean => jsonObject(text) !== undefined && !text.includes("\n")
