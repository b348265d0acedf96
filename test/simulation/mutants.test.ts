import { expect, test } from "bun:test"
import { mutants } from "./mutants.ts"
import { patched } from "./mutate.ts"

test.each(mutants)('the mutant "$name" still fits the source that it breaks', async (mutant) => {
  expect(await patched(mutant)).toContain(mutant.replace)
})

test("no two mutants have the same name, since each is run by it", () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})
