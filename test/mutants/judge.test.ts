import { expect, test } from "bun:test"
import { failedTest } from "./judge.ts"

test("a test that failed and one that did not end are told apart, in the words of the runner", () => {
  const lines = (...more: string[]) => ["(pass) one [1.00ms]", ...more, " 1 pass"].join("\n")
  const timed_out = lines("(fail) a place is free again [240000.12ms]", "  ^ this test timed out after 240000ms.")
  expect(failedTest(timed_out)).toEqual({ sentence: "a place is free again", hangs: true })
  expect(failedTest(lines("(fail) the bound > holds [5.10ms]"))).toEqual({
    sentence: "the bound > holds",
    hangs: false,
  })
  expect(failedTest(lines("(fail) seed 3: order: it came twice"))?.hangs).toBe(false)
  expect(failedTest(lines())).toBeUndefined()
})
