import { expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { poisonedStream } from "./scenarios/poison.ts"

/** What the contract promises for each poison. */
const reasons = {
  malformed: "not_a_json_object",
  truncated: "not_a_json_object",
  not_object: "not_a_json_object",
  oversize_chars: "event_too_long",
  oversize_line: "line_too_long",
  intake_refuses: "refused_by_intake",
  intake_too_large: "too_large_for_intake",
  invalid_utf8: "not_a_json_object",
} as const

test("a poisoned event is set aside with its reason and bytes, can be replayed later, and holds up nothing", async () => {
  const kinds = Object.keys(reasons) as (keyof typeof reasons)[]
  const seen = await poisonedStream({ events: 2_000, kinds })
  expect(seen).toMatchObject({ ...intact, delivered: 2_000 - kinds.length, dead_letters: kinds.length })
  expect(seen.reasons).toEqual(reasons)
  expect(seen.altered).toEqual([])
  // The long event and the two that this intake takes now; no other one ever can be.
  expect(seen.replayed).toMatchObject({ delivered: 3, corrupted: 0 })
  expect(seen.left).toBe(kinds.length - 3)
}, 240_000)
