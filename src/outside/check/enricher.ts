/** What every enricher has to keep. */
import { Effect } from "effect"
import type { Simulator } from "../../../simulator/simulator.ts"
import type { Enricher } from "../../core/delivery/enricher.ts"
import { outside } from "../limits.ts"
import type { InFalconsPlace, Rig } from "../rig.ts"
import { must, type Row, type Tried, tryIt } from "./tried.ts"

/** Values that no tenant should send. */
const strange = [undefined, null, 0, -1.5, "", "x".repeat(10_000), true, "\u0000", "\ud800"]

/** A row for each promise. */
export const enricherRows = async (subject: Tried): Promise<readonly Row[]> => {
  const enriching = (name: string, falcon?: InFalconsPlace) =>
    tryIt(`enricher: ${name}`, subject, { falcon }, (rig) => enrichAll(rig))
  return [
    await tryIt("enricher: strange events", subject, {}, (rig) =>
      Effect.map(makeEnricher(rig), (enricher) => {
        for (const eventType of enricher.event_types)
          for (const value of strange) {
            const fields = value === undefined ? [] : enricher.fields.map((field) => [field, value])
            const noted = enricher.refOf({ metadata: { eventType }, event: Object.fromEntries(fields) })
            if (noted !== undefined) JSON.parse(noted)
          }
        return "borne"
      }),
    ),
    await enriching("events"),
    await enriching("Falcon fails", () => new Response("no", { status: 503 })),
    await enriching("Falcon answers with a page", () => new Response("<html>")),
    await enriching("Falcon answers with nothing", () => Response.json({ resources: null })),
    await enriching("Falcon answers with other things", () => Response.json({ resources: [null, 1, "x", {}, []] })),
  ]
}

const makeEnricher = ({ tenant }: Rig) => {
  const { plugin, config } = tenant.plugins[0]!
  return Effect.provide(plugin.enricher!(config), tenant.services)
}

/** Enriches every event of the simulated tenant that the enricher wants to see. */
const enrichAll = Effect.fnUntraced(function* (rig: Rig) {
  const enricher = yield* makeEnricher(rig)
  const events = eventsFor(enricher, rig.simulator)
  let sent = 0
  let given_up = 0
  for (const event of events) {
    const noted = enricher.refOf(event)
    if (noted === undefined) continue
    const adding = Effect.catchTag(enricher.enrich(noted), "NotEnriched", () => Effect.succeed(undefined))
    const added = yield* Effect.timeoutOption(adding, outside.enrich_ms_max)
    if (added._tag === "None") return "it waits until Falcon answers again"
    if (added.value === undefined) given_up++
    else sent += added.value.length
  }
  const report = yield* rig.health
  must(report === undefined || !report.detail.includes("enricher:"), report?.detail ?? "")
  if (events.length === 0) return `the simulated tenant has no event of type ${enricher.event_types.join(", ")}`
  return `${sent} events added to ${events.length}${given_up === 0 ? "" : `; ${given_up} given up`}`
})

interface SimulatedEvent {
  readonly metadata: { readonly eventType: string }
  readonly event: Readonly<Record<string, unknown>>
}

/** As the stream shows them to the enricher: of `event` the fields that it names, where they hold no object or list. */
const eventsFor = ({ event_types, fields }: Enricher, { tapes, settings }: Simulator): readonly SimulatedEvent[] =>
  Array.from({ length: settings.events_per_partition }, (_, at) => {
    const { metadata, event } = JSON.parse(Buffer.from(tapes.get(0)!.bytes(at)).toString()) as SimulatedEvent
    const shown = Object.entries(event).filter(([key, value]) => fields.includes(key) && !isNested(value))
    return { metadata: { eventType: metadata.eventType }, event: Object.fromEntries(shown) }
  }).filter(({ metadata }) => event_types.includes(metadata.eventType))

const isNested = (value: unknown): boolean => typeof value === "object" && value !== null
