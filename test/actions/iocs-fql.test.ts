import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseIocFql } from "../../simulator/api/iocs-fql.ts"
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
        const filter = parseIocFql(allOf(is("type", "domain"), is("value", value)))!
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
        const filter = parseIocFql(anyOf(values.map((value) => is("value", value))))!
        for (const value of values) expect(filter({ value })).toBe(true)
        expect(filter({ value: `${values.join("")}~` })).toBe(false)
      }),
    )
  })
})

describe("the simulator's FQL", () => {
  const one = { source: "Sekoia.io", expired: true, modified_on: "2026-01-05T10:00:00.000Z", tags: ["a", "b"] }
  const cases: readonly (readonly [filter: string, found: boolean])[] = [
    ["source:'Sekoia.io'+expired:true", true],
    ["source:'Sekoia.io'+expired:false", false],
    ["source:'other',expired:true", true],
    ["source:'other'+expired:true,expired:true", true],
    ["source:'other'+(expired:true,expired:true)", false],
    ["modified_on:<='2026-01-06'", true],
    ["modified_on:<='2026-01-05'", false],
    ["modified_on:>'2026-01-05'", true],
    ["tags:'b'", true],
    ["tags:!'b'", false],
    ["source:['x','Sekoia.io']", true],
    ["source:'Sek*'", true],
    ["source:'Sek\\*'", false],
  ]
  for (const [filter, found] of cases) {
    test(`${filter} is ${found}`, () => expect(parseIocFql(filter)?.(one)).toBe(found))
  }
  for (const filter of ["", "source", "source:", "source:'x", "source:'x'+", "source:'x' y", "source:''x'"]) {
    test(`refuses ${filter}`, () => expect(parseIocFql(filter)).toBeUndefined())
  }
})
