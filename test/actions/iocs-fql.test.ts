import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseFql } from "../../simulator/api/fql.ts"
import { allOf, anyOf, is } from "../../src/plugins/iocs/fql.ts"

/** Texts full of what means something in FQL. */
const text = fc
  .array(fc.oneof(fc.constantFrom("'", "\\", "+", ",", "*", "(", ")", "[", "]", ":", "!", "value:'x'"), fc.string()), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""))

describe("a value in a filter", () => {
  test("finds itself and nothing else, whatever it holds", () => {
    fc.assert(
      fc.property(text, text, (value, other) => {
        const filter = parseFql(allOf(is("type", "domain"), is("value", value)), 0)!.matches
        expect(filter({ type: "domain", value })).toBe(true)
        expect(filter({ type: "md5", value })).toBe(false)
        expect(filter({ type: "domain", value: other })).toBe(other.toLowerCase() === value.toLowerCase())
      }),
      { numRuns: 1_000 },
    )
  })

  test("leaves its neighbours alone", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (values) => {
        const filter = parseFql(anyOf(values.map((value) => is("value", value))), 0)!.matches
        for (const value of values) expect(filter({ value })).toBe(true)
        expect(filter({ value: `${values.join("")}~` })).toBe(false)
      }),
    )
  })
})
