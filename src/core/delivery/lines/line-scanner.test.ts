import { describe, expect, test } from "bun:test"
import { LineScanner } from "./line-scanner.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const scanner = new LineScanner()

/** What the scanner makes of a line: the text an intake would get back, or undefined when it refuses. */
const scan = (line: Uint8Array): string | undefined => {
  const out = new Uint8Array(line.length * 2 + 16)
  const end = scanner.scan(line, 0, line.length, out, 0)
  return end < 0 ? undefined : JSON.parse(`"${decoder.decode(out.subarray(0, end))}"`)
}

describe("a scanned line", () => {
  test.each([
    ['{"event":{"offset":9,"metadata":{"offset":8}},"metadata":{"offset":7,"eventType":"X"}}', 7, "X"],
    ['{"metadata":{"nested":{"offset":5},"offset":6}}', 6, ""],
    ['{"metadata":{"offset":1},"metadata":{"eventType":"last wins"}}', -1, "last wins"],
    ['{"metadata":{"offset":1},"metadata":[{"offset":2}]}', -1, ""],
    ['{"metadata":{"offset":1,"offset":[3]}}', -1, ""],
    ['{"metadata":{"offset":"12"}}', 12, ""],
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

  test("is refused when it is not UTF-8", () => {
    expect(scan(Uint8Array.of(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d))).toBeUndefined()
  })

  test("is refused when it is nested beyond any sense", () => {
    const deep = (n: number) => encoder.encode(`${'{"a":'.repeat(n)}1${"}".repeat(n)}`)
    expect(scan(deep(1_024))).toBeDefined()
    expect(scan(deep(1_025))).toBeUndefined()
  })
})
