import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { pick, wanted } from "./pick.ts"

const keys = ["Id", "Severity", "Näme"]

const pickFrom = (line: string) => {
  const bytes = new TextEncoder().encode(`xx${line}`)
  return pick(bytes, 2, bytes.length, wanted(keys))
}

/** The slow and certain way. */
const parsed = (line: string): Record<string, unknown> => {
  const { event } = JSON.parse(line)
  if (typeof event !== "object" || event === null || Array.isArray(event)) return {}
  const isPlain = (value: unknown) => typeof value !== "object" || value === null
  return Object.fromEntries(
    keys.flatMap((key) => (Object.hasOwn(event, key) && isPlain(event[key]) ? [[key, event[key]]] : [])),
  )
}

describe("picking values out of a line", () => {
  test("finds what parsing finds, in any object", () => {
    const key = fc.oneof(fc.constantFrom("event", "metadata", ...keys, 'a":"b', "event "), fc.string())
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: "small" },
        fc.oneof(
          fc.string(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
        ),
        fc.array(tie("json"), { maxLength: 4 }),
        fc.dictionary(key, tie("json"), { maxKeys: 5 }),
      ),
    }))
    const objects = fc.dictionary(key, json, { maxKeys: 5 })
    const property = fc.property(
      objects,
      fc.dictionary(key, json),
      fc.constantFrom(undefined, 1, "\t"),
      (outer, event, space) => {
        const line = JSON.stringify({ ...outer, event, last: 1 }, null, space)
        const found = pickFrom(line)
        if (found === undefined) expect(line).toContain("\\")
        else expect(found).toEqual(parsed(line))
      },
    )
    fc.assert(property, { numRuns: 5_000, seed: 3 })
  })

  test.each([
    ['{"event":{"Id":"a\\"b","Severity":70,"x":{"Id":"no"}},"metadata":{"Id":1}}', { Id: 'a"b', Severity: 70 }],
    ['{"event":{"Id":{"Id":1},"Severity":[1,"Id"]}}', {}],
    ['{"event":{"Id":1,"Id":{"no":1}}}', {}],
    ['{"event":{"Id":1},"event":{"Severity":null}}', { Severity: null }],
    ['{"event":[{"Id":1}]}', {}],
    ['{"event":[{"x":"Id"},"Id"],"Id":3}', {}],
    ['{ "event" : { "Id" : -1.5e3 , "Näme" :\t"é\\u00e9" } }', { Id: -1500, Näme: "éé" }],
    ["{}", {}],
  ])("of %s", (line, expected) => {
    expect(pickFrom(line)).toEqual(expected)
    expect(parsed(line)).toEqual(expected)
  })

  test("leaves lines with escaped keys to the parser", () => {
    expect(pickFrom('{"event":{"\\u0049d":1}}')).toBeUndefined()
  })
})
