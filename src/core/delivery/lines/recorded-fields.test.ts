import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { LineScanner } from "./line-scanner.ts"
import { RecordedFields } from "./recorded-fields.ts"

const keys = ["Id", "Severity", "SeverityName"]
const recorded = new RecordedFields(["A", "B"], keys)
const scanner = new LineScanner(recorded)

/** What is noted of a line; undefined when it has to be parsed. */
const notedIn = (line: string) => {
  const bytes = new TextEncoder().encode(`xx${line}`)
  expect(scanner.scan(bytes, 2, bytes.length, new Uint8Array(2 * bytes.length), 0)).toBeGreaterThan(0)
  return recorded.taken ? recorded.read(bytes) : undefined
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

describe("the values noted of a line", () => {
  test("are what parsing finds, in any object", () => {
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
    const property = fc.property(
      fc.dictionary(key, json, { maxKeys: 5 }),
      fc.dictionary(key, json),
      fc.constantFrom(undefined, 1, "\t"),
      (outer, event, space) => {
        const line = JSON.stringify({ metadata: { eventType: "A" }, ...outer, event, last: 1 }, null, space).replaceAll(
          "\n",
          "",
        )
        const noted = notedIn(line)
        if (noted === undefined) expect("metadata" in outer || "event" in outer || line.includes("\\")).toBe(true)
        else expect(noted).toEqual(parsed(line))
      },
    )
    fc.assert(property, { numRuns: 5_000, seed: 3 })
  })

  const head = '{"metadata":{"eventType":"A"}'
  test.each([
    [`${head},"event":{"Id":"a\\"b","Severity":70,"x":{"Id":"no"}},"other":{"Id":1}}`, { Id: 'a"b', Severity: 70 }],
    [`${head},"event":{"Id":{"Id":1},"Severity":[1,"Id"],"SeverityName":""}}`, { SeverityName: "" }],
    [`${head},"event":{"Id":1,"Id":{"no":1}}}`, {}],
    [`${head},"event":{"Id":1},"event":{"Severity":null}}`, { Severity: null }],
    [`${head},"event":{"Id":1},"event":[{"Severity":null}]}`, {}],
    [`${head},"event":{"Id":1},"event":"none"}`, {}],
    [`${head},"event":{"Id":1},"event":true}`, {}],
    [`${head} , "event" : { "Id" : -1.5e3 , "Severity" :\t"é\\u00e9" } }`, { Id: -1500, Severity: "éé" }],
    ['{"event":{"Id":1},"metadata":{"eventType":"A"}}', { Id: 1 }],
    ['{"metadata":{"eventType":"B"},"event":{"Id":1},"metadata":{"eventType":"A"}}', { Id: 1 }],
  ])("of %s", (line, expected) => {
    expect(notedIn(line)).toEqual(expected)
    expect(parsed(line)).toEqual(expected)
  })

  test.each([
    ["an event of another type", '{"metadata":{"eventType":"AB"},"event":{"Id":1}}'],
    ["a key that is written with escapes", `${head},"event":{"\\u0049d":1}}`],
    ["a list of events", `${head},"event":[{"Id":1}]}`],
    ["no event", `${head}}`],
  ])("are none for %s", (_, line) => {
    notedIn(`${head},"event":{"Id":2}}`)
    expect(notedIn(line)).toBeUndefined()
  })
})
