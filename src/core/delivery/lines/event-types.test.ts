import { describe, expect, test } from "bun:test"
import { event_types as limits } from "../limits.ts"
import { EventTypes, no_type, other_types } from "./event-types.ts"

const encoder = new TextEncoder()

/** Counts events of these types, each somewhere in a line. */
const count = (types: EventTypes, names: readonly string[]) => {
  for (const name of names) {
    const type = encoder.encode(name)
    types.count(encoder.encode(`"${name}"`), 1, 1 + type.length)
  }
}

describe("event types", () => {
  test("that are not routed are counted by type, and those that are routed by none", () => {
    const types = new EventTypes(["Routed", "Vertex"])
    count(types, ["Routed", "Recons", "Routex", "Recons", "Vertex", "", "none"])
    expect(types.takeNew()).toEqual([
      { type: "Recons", events: 2, is_first: true },
      { type: "Routex", events: 1, is_first: true },
      { type: no_type, events: 1, is_first: true },
      { type: "none", events: 1, is_first: true },
    ])
    count(types, ["Routed", "Recons"])
    expect(types.takeNew()).toEqual([{ type: "Recons", events: 1, is_first: false }])
    expect(types.takeNew()).toEqual([])
    expect(types.list()).toEqual([
      { type: "Recons", events: 3 },
      { type: "Routex", events: 1 },
      { type: no_type, events: 1 },
      { type: "none", events: 1 },
    ])
  })

  test("cannot be so many, so long or so strange that they fill or garble a metric", () => {
    const types = new EventTypes([])
    count(types, ["\u001b[31mred", "others", "x".repeat(limits.type_bytes_max + 1)])
    count(
      types,
      Array.from({ length: 10_000 }, (_, i) => `Type${i}`),
    )
    const told = types.takeNew()
    expect(told).toHaveLength(limits.types_max + 1)
    expect(told[0]!.type).toBe("\ufffdred")
    expect(told.at(-1)).toEqual({ type: other_types, events: 10_000 - limits.types_max + 3, is_first: true })
    expect(told.reduce((sum, { events }) => sum + events, 0)).toBe(10_003)
  })
})
