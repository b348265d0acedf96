/** Events of types that Sekoia's parser does nothing with: a metric, a line of the log when one comes first, a note in health. */
import { Effect, Metric } from "effect"
import { event_types as limits } from "../../core/delivery/limits.ts"
import { type EventTypes, no_type, other_types } from "../../core/delivery/lines/event-types.ts"
import { metrics } from "./metrics.ts"

/** Counts what has come since the last call, whichever partition it came from. */
export const countNotRouted = (types: EventTypes): Effect.Effect<void> =>
  Effect.forEach(
    types.takeNew(),
    ({ type, events, is_first }) =>
      Effect.andThen(
        Metric.update(Metric.withAttributes(metrics.not_routed, { event_type: type }), events),
        is_first
          ? Effect.logInfo(
              `the first of ${wordsOf(type)}: they are forwarded, though Sekoia's parser takes nothing from them`,
            )
          : Effect.void,
      ),
    { discard: true },
  )

const wordsOf = (type: string): string => {
  if (type === no_type) return "events without a type"
  return type === other_types ? "events of further types" : `events of the type ${type}`
}

/** What health says of them, delivered or not yet; nothing where there are none. */
export const describeNotRouted = (types: EventTypes): string => {
  const list = types.list()
  if (list.length === 0) return ""
  const named = list.slice(0, limits.types_named_max).map(({ type, events }) => `${type} ${events}`)
  const more = list.length - named.length
  return `read, and not parsed by Sekoia: ${named.join(", ")}${more === 0 ? "" : `, and ${more} more types`}`
}
