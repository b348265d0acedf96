import { expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { crowd } from "./scenarios/crowds.ts"

test("1 200 callers who send nothing whole, and come again, stop neither delivery nor commits of a process with 1 024 descriptors", async () => {
  const seen = await crowd({ descriptors_max: 1_024, connections: 1_200, events: 2_000 })
  expect(seen).toMatchObject({ ...intact, delivered: 4_000, live: 200 })
  expect(seen.ended).toBeGreaterThan(300)
  expect(seen.committed).toBeGreaterThan(0)
}, 240_000)
