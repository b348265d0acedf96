import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { LineScanner } from "./scan.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const scanner = new LineScanner()

/** What the scanner makes of a line: the text an intake would get back, or undefined when it refuses. */
const scan = (line: Uint8Array): string | undefined => {
  const out = new Uint8Array(line.length * 2 + 16)
  const end = scanner.scan(line, 0, line.length, out, 0)
  return end < 0 ? undefined : JSON.parse(`"${decoder.decode(out.subarray(0, end))}"`)
}

/** The same question put to JSON.parse. */
const isJsonObject = (line: Uint8Array): boolean => {
  try {
    const value: unknown = JSON.parse(decoder.decode(line))
    return typeof value === "object" && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const facts = (line: Uint8Array) => {
  const metadata = JSON.parse(decoder.decode(line)).metadata ?? {}
  const natural = (value: unknown) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : -1)
  return { offset: natural(metadata.offset), created_ms: natural(metadata.eventCreationTime) }
}

const agrees = (line: Uint8Array): void => {
  const text = scan(line)
  expect(text !== undefined).toBe(isJsonObject(line))
  if (text === undefined) return
  expect(Buffer.from(text).equals(line)).toBe(true)
  expect({ offset: scanner.offset, created_ms: scanner.created_ms }).toEqual(facts(line))
}

const key = fc.oneof(
  fc.constantFrom("metadata", "offset", "eventType", "eventCreationTime", "event", '"offset":1', "\\"),
  fc.string({ unit: "binary" }),
)
const leaf = fc.oneof(
  fc.constantFrom(0, 1, 174, 2 ** 53, 1e21, -1, 1.5),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.constant(null),
)
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, tie("object"), fc.array(tie("value"), { maxLength: 3 })),
  object: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}))
const event = fc
  .record({ metadata: fc.oneof(json, fc.dictionary(key, leaf)), event: json, rest: json }, { requiredKeys: [] })
  .map((value) => JSON.stringify(value))

describe("a scanned line", () => {
  test("is accepted exactly when JSON.parse gives an object, with the same facts and the same bytes", () => {
    fc.assert(
      fc.property(event, (text) => agrees(encoder.encode(text))),
      { numRuns: 3_000, seed: 1 },
    )
  })

  test("is judged like JSON.parse does when one byte of it is changed, lost or doubled", () => {
    const mutation = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), kind: fc.nat({ max: 3 }) })
    const property = fc.property(event, mutation, (text, { at, byte, kind }) => {
      const line = [...encoder.encode(text)]
      const place = at % line.length
      if (kind === 0) line[place] = byte
      else if (kind === 1) line.splice(place, 1)
      else if (kind === 2) line.splice(place, 0, line[place]!)
      else line.splice(place)
      if (!line.includes(0x0a)) agrees(Uint8Array.from(line))
    })
    fc.assert(property, { numRuns: 10_000, seed: 2 })
  })

  test("is judged like JSON.parse does on arbitrary text made of JSON's own characters", () => {
    const unit = fc.constantFrom(
      ...'{}[]:,"\\ue+-.019tfnrals \t\r',
      "true",
      "false",
      "null",
      '"metadata":',
      '"offset":',
      '{"',
    )
    const text = fc.array(unit, { maxLength: 24 }).map((parts) => `{${parts.join("")}}`)
    fc.assert(
      fc.property(text, (line) => agrees(encoder.encode(line))),
      { numRuns: 20_000, seed: 3 },
    )
  })

  test.each([
    ['{"event":{"offset":9,"metadata":{"offset":8}},"metadata":{"offset":7,"eventType":"X"}}', 7, "X"],
    ['{"metadata":{"nested":{"offset":5},"offset":6}}', 6, ""],
    ['{"metadata":{"offset":1},"metadata":{"eventType":"last wins"}}', -1, "last wins"],
    ['{"metadata":{"offset":1},"metadata":[{"offset":2}]}', -1, ""],
    ['{"metadata":{"offset":1,"offset":[3]}}', -1, ""],
    ['{"metadata":{"offset":"12"}}', -1, ""],
    ['{"metadata":{"off\\u0073et":12,"eventType":"a\\u0041"}}', 12, "aA"],
    ['{"metadata":{"offset":1e3}}', 1000, ""],
    ['{"metadata":{"offset":9007199254740993}}', -1, ""],
    ['{"metadata":{"offset":9007199254740991}}', 9007199254740991, ""],
    ['{ "metadata" :\t{ "offset" : 4 } }\r', 4, ""],
    ["{}", -1, ""],
  ])("finds the facts of %s", (text, offset, type) => {
    const line = encoder.encode(text)
    expect(scan(line)).toBe(text)
    expect(scanner.offset).toBe(offset)
    expect(scanner.type(line)).toBe(type)
  })

  test.each([
    "",
    "null",
    "400",
    '"error"',
    "[]",
    '[{"metadata":{}}]',
    "{",
    '{"a":1',
    '{"a":1}}',
    "{'a':1}",
    '{"a":01}',
    '{"a":1,}',
    '{"a":"\t"}',
  ])("is refused when it is %p", (text) => expect(scan(encoder.encode(text))).toBeUndefined())

  test("is judged by its own bytes, whatever stands behind it in the buffer", () => {
    const behind = fc.constantFrom('"}', "}", '\\"}}', "1}", "rue}", '":1}')
    const property = fc.property(event, fc.nat(), behind, (text, cut, rest) => {
      const line = encoder.encode(text.slice(0, cut % (text.length + 1)))
      const src = Uint8Array.from([...line, ...encoder.encode(rest)])
      const accepted = scanner.scan(src, 0, line.length, new Uint8Array(src.length * 2 + 16), 0) >= 0
      expect(accepted).toBe(isJsonObject(line))
    })
    fc.assert(property, { numRuns: 3_000, seed: 4 })
  })

  test("is refused when it is not UTF-8", () => {
    expect(scan(Uint8Array.of(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d))).toBeUndefined()
  })

  test("is refused when it is nested beyond any sense", () => {
    const deep = (n: number) => encoder.encode(`${'{"a":'.repeat(n)}1${"}".repeat(n)}`)
    expect(scan(deep(1_024))).toBeDefined()
    expect(scan(deep(1_025))).toBeUndefined()
  })
})
