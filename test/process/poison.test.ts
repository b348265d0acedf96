import { expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { poison_kinds, poison_reasons, poisonedStream } from "./scenarios/poison.ts"

test("a poisoned event is set aside with its reason and bytes, can be replayed later, and holds up nothing", async () => {
  const seen = await poisonedStream({ events: 2_000, kinds: poison_kinds })
  expect(seen).toMatchObject({ ...intact, delivered: 2_000 - poison_kinds.length, dead_letters: poison_kinds.length })
  expect(seen.reasons).toEqual(poison_reasons)
  expect(seen.altered).toEqual([])
  // The long event and the two that this intake takes now; no other one ever can be.
  expect(seen.replayed).toMatchObject({ delivered: 3, corrupted: 0 })
  expect(seen.left).toBe(poison_kinds.length - 3)
}, 240_000)
