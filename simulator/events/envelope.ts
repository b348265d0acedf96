import { type JsonObject, Slot, type Style } from "./json.ts"
import type { Random } from "./random.ts"
import { remarks } from "./text.ts"
import { company } from "./world.ts"

/** How one event is written: none of it changes what the event says. */
interface Layout {
  readonly style: Style
  /** The keys of `metadata`, in their order. */
  readonly metadata_keys: readonly (keyof typeof metadata)[]
  readonly event_first: boolean
  readonly sorts_event_keys: boolean
}

const metadata = {
  customerIDString: company.cid,
  offset: new Slot("offset"),
  eventType: "",
  eventCreationTime: new Slot("created_ms"),
  version: "1.0",
}

const documented_order = Object.keys(metadata) as (keyof typeof metadata)[]
const alphabetical_order = documented_order.toSorted()

/** A layout, most often a plain one. */
export function drawLayout(random: Random): Layout {
  return {
    style: {
      escapes_html: random.chance(0.5),
      ascii: random.chance(0.12),
      colon: random.chance(0.05) ? ": " : ":",
    },
    metadata_keys: random.pick([documented_order, alphabetical_order, random.shuffle(documented_order)]),
    event_first: random.chance(0.1),
    sorts_event_keys: random.chance(0.3),
  }
}

/** The object that a line of the stream holds. */
export function makeEnvelope(type: string, event: JsonObject, layout: Layout): JsonObject {
  const head = Object.fromEntries(
    layout.metadata_keys.map((key) => [key, key === "eventType" ? type : metadata[key]] as const),
  )
  const body = layout.sorts_event_keys ? sortKeys(event) : event
  return layout.event_first ? { event: body, metadata: head } : { metadata: head, event: body }
}

/**
 * The event with a few fields that no page documents, in about one event of six: texts and objects that look like the
 * envelope, and empty values of every kind.
 */
export function addOddities(random: Random, event: JsonObject): JsonObject {
  return {
    ...event,
    ...(random.chance(0.08) && { Comment: random.pick(remarks) }),
    ...(random.chance(0.04) && { SourceEvent: lookalike }),
    ...(random.chance(0.02) && { RawSourceEvent: JSON.stringify(lookalike) }),
    ...(random.chance(0.04) && {
      CustomFields: { Labels: [], Owner: null, Notes: "", Nested: { Inner: {}, List: [[]] } },
    }),
  }
}

/** Looks like an envelope, but stands inside `event`. */
const lookalike = {
  metadata: { offset: 12345, eventType: "NotTheTypeOfThisEvent", eventCreationTime: 1, version: "0.9" },
  event: {},
  offset: 67890,
  eventType: "NotTheTypeOfThisEventEither",
}

function sortKeys(event: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(event).toSorted(([left], [right]) => (left < right ? -1 : 1)))
}
