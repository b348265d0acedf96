import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { ioc_types } from "../../src/plugins/iocs/ioc-value.ts"
import { valuesOfPattern } from "../../src/plugins/iocs/stix-values.ts"

const md5 = "ab03a48a29967e738583140e6eb84f0b"
const md5_2 = "0cc175b9c0f1b6a831c399e269772661"
const sha1 = "f4db6264e2f9aa0aa1f889dd8cfaa886857c3bd0"
const sha256 = "0451b9c358b1404717f5060aea5711327cf169cd4c5648f5ac23f1a1fb740716"

/** `type:value` of what is taken; the reasons of what is not. */
const judge = (pattern: string, types: readonly (typeof ioc_types)[number][] = ioc_types) => {
  const { values, skipped } = valuesOfPattern(pattern, types)
  return { taken: values.map(({ type, value }) => `${type}:${value}`), reasons: skipped.map(({ reason }) => reason) }
}

/** Pattern, what is taken, and how the reason for the rest begins. */
type Golden = readonly [pattern: string, taken: readonly string[], reasons?: readonly string[]]

const ip = "ipv4:203.0.113.7"

const taken: readonly Golden[] = [
  [`[file:hashes.MD5 = '${md5}']`, [`md5:${md5}`]],
  [`[file:hashes.'MD5' = '${md5}']`, [`md5:${md5}`]],
  [`[file:hashes.md5 = '${md5.toUpperCase()}']`, [`md5:${md5}`]],
  [`[file:hashes.'SHA-256' = '${sha256}']`, [`sha256:${sha256}`]],
  [`[file:hashes.SHA-256 = ' ${sha256} ']`, [`sha256:${sha256}`]],
  [`[file:hashes.SHA256='${sha256}']`, [`sha256:${sha256}`]],
  ["[ipv4-addr:value = '203.0.113.7']", [ip]],
  ["[ipv6-addr:value = '2001:DB8::1']", ["ipv6:2001:db8::1"]],
  ["[domain-name:value = 'Login.Example.COM']", ["domain:login.example.com"]],
  ["[domain-name:value = 'xn--bcher-kva.example']", ["domain:xn--bcher-kva.example"]],
  ["[ domain-name : value='a.example' ]", ["domain:a.example"]],
  ["[/* why */ domain-name:value = 'a.example' // because\n]", ["domain:a.example"]],
  ["[ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value = '203.0.113.8']", [ip, "ipv4:203.0.113.8"]],
  ["[ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value = '203.0.113.7']", [ip]],
  [`[(file:hashes.MD5 = '${md5}') OR (file:hashes.MD5 = '${md5_2}')]`, [`md5:${md5}`, `md5:${md5_2}`]],
  [`[file:hashes.MD5 = '${md5}' AND file:hashes.'SHA-256' = '${sha256}']`, [`md5:${md5}`, `sha256:${sha256}`]],
  [`[file:hashes.MD5 = '${md5}' AND (file:hashes.MD5 = '${md5}' AND file:hashes.MD5 = '${md5}')]`, [`md5:${md5}`]],
  ["[ipv4-addr:value = '203.0.113.7'] OR [domain-name:value = 'a.example']", [ip, "domain:a.example"]],
  ["[ipv4-addr:value = '203.0.113.7'] AND [domain-name:value = 'a.example']", [ip, "domain:a.example"]],
  ["[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [domain-name:value = 'a.example']", [ip, "domain:a.example"]],
  ["([ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [domain-name:value = 'a.b']) WITHIN 600 SECONDS", [ip, "domain:a.b"]],
  ["[ipv4-addr:value = '203.0.113.7'] REPEATS 5 TIMES WITHIN 1.5 SECONDS", [ip]],
  ["[ipv4-addr:value = '203.0.113.7'] START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'", [ip]],
  ["[ipv4-addr:value == '203.0.113.7']", [ip]],
  ["[ipv4-addr:value = '203.0.113.7/32']", [ip]],
  ["[ipv6-addr:value = '2001:DB8:0:0:0:0:0:1/128']", ["ipv6:2001:db8::1"]],
  ["[ipv6-addr:value = '2001:0db8:0000::0001'] OR [ipv6-addr:value = '2001:db8::1']", ["ipv6:2001:db8::1"]],
  ["[domain-name:value = 'evil.example.']", ["domain:evil.example"]],
  ["[domain-name:value = 'Bücher.example']", ["domain:xn--bcher-kva.example"]],
  ["[domain-name:value = 'пример。рф.']", ["domain:xn--e1afmkfd.xn--p1ai"]],
  [
    `[(file:hashes.MD5 = '${md5}' AND file:hashes.'SHA-256' = '${sha256}') AND (file:hashes.MD5 == '${md5.toUpperCase()}')]`,
    [`md5:${md5}`, `sha256:${sha256}`],
  ],
  [
    `[file:hashes.'SHA-256' = '${sha256}' AND (file:hashes.MD5 = '${md5}' OR file:hashes.'SHA-256' = '${sha256}')]`,
    [`sha256:${sha256}`, `md5:${md5}`],
  ],
  ["[ipv4-addr:value = '203.0.113.7'] START '2026-01-01T00:00:00Z' STOP '2027-01-01T00:00:00Z'", [ip]],
]

const partly: readonly Golden[] = [
  [
    `[file:hashes.'SHA-256' = '${sha256}' OR file:hashes.MD5 = '${md5}' OR file:hashes.'SHA-1' = '${sha1}']`,
    [`sha256:${sha256}`, `md5:${md5}`],
    ["file:hashes.'SHA-1' is not supported"],
  ],
  [
    `[file:hashes.MD5 = '${md5}' AND file:hashes.'SHA-1' = '${sha1}']`,
    [`md5:${md5}`],
    ["file:hashes.'SHA-1' is not supported"],
  ],
  [
    `[(file:hashes.MD5 = '${md5}' AND file:name = 'a.exe') OR file:hashes.MD5 = '${md5_2}']`,
    [`md5:${md5_2}`],
    ["a conjunction"],
  ],
  // AND binds before OR, on either side of it.
  [
    `[file:hashes.MD5 = '${md5}' OR file:hashes.MD5 = '${md5_2}' AND file:name = 'z']`,
    [`md5:${md5}`],
    ["a conjunction"],
  ],
  [
    `[file:name = 'z' AND file:hashes.MD5 = '${md5}' OR file:hashes.MD5 = '${md5_2}']`,
    [`md5:${md5_2}`],
    ["a conjunction"],
  ],
  ["[ipv4-addr:value = '203.0.113.7' OR url:value = 'http://x']", [ip], ["url:value is not supported"]],
  ["[ipv4-addr:value = '203.0.113.7' OR ipv4-addr:value LIKE '10.%']", [ip], ["only = is taken, not LIKE"]],
  ["[file:name = 'it''s'] OR [domain-name:value = 'a.example']", [], ["malformed pattern: expected ]"]],
]

const skipped: readonly Golden[] = [
  [`[file:hashes.MD5 = '${md5}' AND file:name = 'a.exe']`, [], ["a conjunction"]],
  [`[file:hashes.MD5 = '${md5}' AND file:hashes.MD5 = '${md5_2}']`, [], ["a conjunction"]],
  [`[file:hashes.MD5 = '${md5}' AND file:hashes.'SHA-256' != '${sha256}']`, [], ["a conjunction"]],
  [`[file:hashes.MD5 = '${md5}' AND file:hashes.'SHA-256' NOT = '${sha256}']`, [], ["a conjunction"]],
  [
    `[file:hashes.'SHA-256' = '${sha256}' AND (file:hashes.MD5 = '${md5}' OR file:hashes.MD5 = '${md5_2}')]`,
    [],
    ["a conjunction"],
  ],
  ["[ipv4-addr:value = '203.0.113.7' AND network-traffic:dst_port = 443]", [], ["a conjunction"]],
  ["[ipv4-addr:value = '203.0.113.7' AND domain-name:value = 'a.example']", [], ["a conjunction"]],
  ["[ipv4-addr:value = '203.0.113.0/24']", [], ["a CIDR range"]],
  ["[ipv6-addr:value = '2001:db8::/32']", [], ["a CIDR range"]],
  ["[ipv4-addr:value = '203.0.113.7/32/32']", [], ["a CIDR range"]],
  ["[ipv6-addr:value = '2001:db8::1/32']", [], ["a CIDR range"]],
  ["[domain-name:value = '.']", [], ["not a domain name"]],
  ["[domain-name:value = 'evil.example..']", [], ["not a domain name"]],
  ["[domain-name:value = 'a\u00adb c.example']", [], ["not a domain name"]],
  ["[domain-name:value = '１.２.３.４']", [], ["not a domain name"]],
  ["[ipv4-addr:value = '203.0.113.999']", [], ["not an IPv4 address"]],
  ["[ipv4-addr:value = '2001:db8::1']", [], ["not an IPv4 address"]],
  ["[ipv6-addr:value = 'fe80::1%eth0']", [], ["not an IPv6 address"]],
  ["[domain-name:value = '*.example.com']", [], ["not a domain name"]],
  ["[domain-name:value = 'localhost']", [], ["not a domain name"]],
  ["[domain-name:value = 'a.example\\'+source:\\'x']", [], ["not a domain name"]],
  ["[file:hashes.MD5 = 'abc']", [], ["not a hash of 32"]],
  [`[file:hashes.MD5 = '${sha256}']`, [], ["not a hash of 32"]],
  ["[ipv4-addr:value != '203.0.113.7']", [], ["only = is taken, not !="]],
  ["[ipv4-addr:value <> '203.0.113.7']", [], ["only = is taken, not !="]],
  ["[ipv4-addr:value NOT = '203.0.113.7']", [], ["only = is taken, not NOT ="]],
  ["[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')]", [], ["only = is taken, not IN"]],
  ["[ipv4-addr:value NOT IN ('203.0.113.7')]", [], ["only = is taken, not NOT IN"]],
  ["[ipv4-addr:value ISSUBSET '203.0.113.0/24']", [], ["only = is taken, not ISSUBSET"]],
  ["[ipv4-addr:value ISSUPERSET '203.0.113.7/32']", [], ["only = is taken, not ISSUPERSET"]],
  ["[domain-name:value MATCHES '^a\\\\.b$']", [], ["only = is taken, not MATCHES"]],
  ["[EXISTS domain-name:value]", [], ["only = is taken, not EXISTS"]],
  ["[NOT EXISTS domain-name:value]", [], ["only = is taken, not NOT EXISTS"]],
  ["[domain-name:value = 5]", [], ["the value is no text"]],
  ["[domain-name:value = t'2026-01-01T00:00:00Z']", [], ["the value is no text"]],
  [
    "[file:size = h'ff' OR file:size = b'Zm9v' OR file:size > -1.5 OR file:is_x = true]",
    [],
    ["file:size", "file:is_x"],
  ],
  ["[network-traffic:dst_ref.value = '203.0.113.7']", [], ["network-traffic:dst_ref.value is not supported"]],
  ["[domain-name:resolves_to_refs[*].value = '203.0.113.7']", [], ["domain-name:resolves_to_refs[*].value is not"]],
  ["[x-custom:list[0].'odd key' = 'x']", [], ["x-custom:list[0].'odd key' is not supported"]],
  [`[artifact:hashes.MD5 = '${md5}']`, [], ["artifact:hashes.MD5 is not supported"]],
  ["[file:hashes.constructor = 'x']", [], ["file:hashes.constructor is not supported"]],
  ["[constructor:value = 'x']", [], ["constructor:value is not supported"]],
]

const malformed = [
  "",
  " ",
  "x",
  "[",
  "[]",
  "[ipv4-addr:value]",
  "[ipv4-addr:value = ]",
  "[ipv4-addr:value = '203.0.113.7'",
  "[ipv4-addr:value = '203.0.113.7']]",
  "[ipv4-addr:value = '203.0.113.7'] [ipv4-addr:value = '203.0.113.7']",
  "[ipv4-addr:value = '203.0.113.7\\']",
  "[ipv4-addr:value = 203.0.113.7]",
  '[ipv4-addr:value = "203.0.113.7"]',
  "[ipv4-addr = '203.0.113.7']",
  "[ipv4-addr:value = '203.0.113.7' XOR a:b = 'c']",
  "[ipv4-addr:value = '203.0.113.7'] WITHIN SECONDS",
  "[ipv4-addr:value = '203.0.113.7'] START t'x'",
  "[NOT ipv4-addr:value = '203.0.113.7']",
  "ipv4-addr:value = '203.0.113.7'",
  "[ipv4-addr:value IN ('a',)]",
  "[a:b[1.5] = 'x']",
  "[a:b = 'x' /* open]",
  "title: a Sigma rule\ndetection:\n  condition: all",
  "rule yara { condition: true }",
]

const reads = (golden: Golden) => {
  const [pattern, values, reasons = []] = golden
  const found = judge(pattern)
  expect(found.taken).toEqual([...values])
  expect(found.reasons.map((reason, at) => reason.slice(0, reasons[at]?.length))).toEqual([...reasons])
}

describe("a pattern", () => {
  for (const golden of taken) test(`is taken: ${golden[0]}`, () => reads(golden))
  for (const golden of partly) test(`is taken in part: ${golden[0]}`, () => reads(golden))
  for (const golden of skipped) test(`is skipped: ${golden[0]}`, () => reads(golden))
  for (const pattern of malformed) {
    test(`is malformed: ${JSON.stringify(pattern)}`, () => {
      expect(judge(pattern)).toEqual({ taken: [], reasons: [expect.stringContaining("malformed pattern: ")] })
    })
  }

  test("gives only the types that are asked for", () => {
    const pattern = `[file:hashes.MD5 = '${md5}' OR ipv4-addr:value = '203.0.113.7']`
    expect(judge(pattern, ["md5", "sha256"])).toEqual({
      taken: [`md5:${md5}`],
      reasons: ["ipv4 is not taken, only md5, sha256"],
    })
  })

  test("is bounded in depth and length", () => {
    const deep = `[${"(".repeat(100)}a:b = 'c'${")".repeat(100)}]`
    expect(judge(deep).reasons[0]).toContain("nested deeper than 64 levels")
    expect(judge("(".repeat(60_000)).reasons[0]).toContain("nested deeper")
    expect(judge(`[a:b = '${"x".repeat(70_000)}']`).reasons[0]).toContain("longer than 65536")
    expect(judge(`[a:b = '${"\\'".repeat(30_000)}']`).reasons).toEqual(["a:b is not supported"])
    expect(judge(`[${"a:b = 'c' OR ".repeat(4_000)}a:b = 'c']`).reasons).toEqual(["a:b is not supported"])
  })
})

describe("a pattern", () => {
  test("takes nothing from a hash that is joined with anything else", () => {
    const other = fc.constantFrom("file:name = 'x'", "a:b = 1", "ipv4-addr:value = '203.0.113.7'", "EXISTS a:b")
    const joined = fc.tuple(fc.array(other, { minLength: 1, maxLength: 4 }), fc.nat(4)).map(([others, at]) => {
      const parts: string[] = [...others]
      parts.splice(at, 0, `file:hashes.MD5 = '${md5}'`)
      return `[${parts.join(" AND ")}]`
    })
    fc.assert(fc.property(joined, (pattern) => expect(judge(pattern).taken).toEqual([])))
  })
})
