/** STIX patterns: what may be blocked because of them. */
import { expect } from "bun:test"
import fc from "fast-check"
import { checkValue, ioc_types } from "../../src/plugins/iocs/ioc-value.ts"
import { parsePattern } from "../../src/plugins/iocs/stix-pattern.ts"
import { stixText } from "../../src/plugins/iocs/stix-tokens.ts"
import { valuesOfPattern } from "../../src/plugins/iocs/stix-values.ts"
import { type FuzzCase, fuzzCase } from "./fuzz-case.ts"

const md5 = "ab03a48a29967e738583140e6eb84f0b"
const whole = [
  `[file:hashes.MD5 = '${md5}']`,
  "[ipv4-addr:value = '203.0.113.7' OR ipv6-addr:value = '2001:DB8::1']",
  "([ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [domain-name:value = 'a.b']) WITHIN 600 SECONDS",
  "[/* why */ domain-name:value = 'a.example' // because\n]",
] as const
const words = [
  ..."[]()'.:=,*",
  "\\",
  "file:hashes.MD5",
  `'${md5}'`,
  "ipv4-addr:value",
  "'203.0.113.7'",
  "domain-name:value",
  "'a.example'",
  "==",
  "!=",
  "<",
  ">=",
  "AND",
  "OR",
  "NOT",
  "IN",
  "LIKE",
  "MATCHES",
  "EXISTS",
  "FOLLOWEDBY",
  "WITHIN 5 SECONDS",
  "REPEATS 2 TIMES",
  "START t'2026-01-01T00:00:00Z' STOP",
  "a",
  "1",
  "t'",
  "h'",
  "/*",
  "*/",
  "//",
] as const

const some_words = fc.array(fc.constantFrom(...words), { maxLength: 60 })
const pattern = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  some_words.map((some) => some.join("")),
  some_words.map((some) => some.join(" ")),
  fc
    .tuple(fc.constantFrom(...whole), fc.nat(200), fc.string({ maxLength: 3 }))
    .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + more.length)),
  fc
    .tuple(fc.constantFrom("(", "[", "[(", "[a:b["), fc.nat(400))
    .map(([opening, times]) => opening.repeat(times) + whole[0]),
)

/** One comparison, and whether it says by itself that its value is bad. */
const comparison = fc
  .record({
    path: fc.constantFrom("ipv4-addr:value", "domain-name:value", "file:hashes.MD5", "file:hashes.'SHA-256'"),
    operator: fc.constantFrom("=", "==", "!=", "<>", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET"),
    negated: fc.boolean(),
    value: fc.constantFrom("203.0.113.7", "a.example", md5),
  })
  .map(({ path, operator, negated, value }) => ({
    text: `${path}${negated ? " NOT" : ""} ${operator} ${operator === "IN" ? `('${value}')` : `'${value}'`}`,
    condemns: !negated && (operator === "=" || operator === "=="),
  }))

const take = (text: string) => valuesOfPattern(text, ioc_types).values

export const pattern_cases: readonly FuzzCase[] = [
  fuzzCase(
    "a pattern is never thrown at, whatever it holds, and gives only values that Falcon takes",
    2_000,
    fc.property(pattern, (text) => {
      expect(typeof parsePattern(text).ok).toBe("boolean")
      for (const { type, value } of take(text)) expect(checkValue(type, value)).toEqual({ value })
    }),
  ),
  fuzzCase(
    "a pattern gives no value that is compared by anything but `=`",
    1_000,
    fc.property(fc.array(comparison, { minLength: 1, maxLength: 5 }), (some) => {
      const good = some.filter(({ condemns }) => condemns).map(({ text }) => text)
      const taken = take(`[${some.map(({ text }) => text).join(" OR ")}]`)
      expect(taken).toEqual(good.length === 0 ? [] : take(`[${good.join(" OR ")}]`))
      for (const { text, condemns } of some) if (!condemns) expect(take(`[${text}]`)).toEqual([])
    }),
  ),
  fuzzCase(
    "a pattern reads back every text that was written as a literal or as a key",
    500,
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const literals = [{ kind: "text", text }]
      expect(parsePattern(`[x:${stixText(text)} = ${stixText(text)}]`)).toMatchObject({
        ok: true,
        pattern: { comparison: { path: { steps: [text] }, literals } },
      })
    }),
  ),
]
