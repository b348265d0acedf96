import { expect, test } from "bun:test"
import { cases } from "./cases.ts"

/** Draws equal inputs at every run; `bun run fuzz` draws others. */
const seed = 1

for (const { name, runs, check } of cases) {
  test(name, async () => {
    const { failure } = await check({ seed, numRuns: runs })
    expect(failure).toBeUndefined()
  }, 60_000)
}
