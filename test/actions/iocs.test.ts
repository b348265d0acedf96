import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import type { Action, AnyAction, Shape } from "../../src/core/actions/action.ts"
import { blockIoc } from "../../src/plugins/iocs/block-ioc.ts"
import { createIndicators } from "../../src/plugins/iocs/create-indicators.ts"
import { getIndicators } from "../../src/plugins/iocs/get-indicators.ts"
import { monitorIoc } from "../../src/plugins/iocs/monitor-ioc.ts"
import { iocs } from "../../src/plugins/iocs/plugin.ts"
import { searchIndicators } from "../../src/plugins/iocs/search-indicators.ts"
import { act, callsOf, dryRun, failureOf, violationsOf, withFalcon } from "./support.ts"

const md5 = "ab03a48a29967e738583140e6eb84f0b"
const sha256 = (n: number) => n.toString(16).padStart(64, "0")

/** All indicators as Falcon has them. */
const all = Effect.gen(function* () {
  const { resources: ids } = yield* act(searchIndicators, { limit: 10_000 })
  if (ids.length === 0) return []
  return (yield* act(getIndicators, { ids: ids as string[] })).resources as Record<string, unknown>[]
})

const foreign = (more: object = {}) => ({
  indicators: [
    {
      type: "md5",
      value: md5,
      action: "detect" as const,
      severity: "low" as const,
      platforms: ["windows" as const],
      source: "SOC",
      ...more,
    },
  ],
})

describe("every action", () => {
  test("is what the specification names", () => {
    expect(iocs.actions.map(({ slug, alias }) => `${slug} ${alias}`).sort()).toEqual([
      "block_ioc block_ioc",
      "create_indicators ioc_create_indicators",
      "delete_indicators ioc_delete_indicators",
      "get_indicators ioc_get_indicators",
      "get_indicators_report ioc_get_indicators_report",
      "get_ioc_actions ioc_get_actions",
      "monitor_ioc monitor_ioc",
      "push_iocs_for_detection push_iocs_detect",
      "push_iocs_for_prevention push_iocs_block",
      "search_indicators ioc_search_indicators",
      "update_indicators ioc_update_indicators",
    ])
    expect([...iocs.scopes].sort()).toEqual(["IOC Management: Read", "IOC Management: Write"])
  })

  for (const action of iocs.actions as readonly AnyAction[]) {
    test(`${action.slug} describes its arguments and takes its own example`, () => {
      const one: Action<Shape> = action
      expect(one.arguments.safeParse(one.example).success).toBe(true)
      for (const field of Object.values(one.arguments.shape)) expect(field.description).toBeString()
    })
  }
})

describe("blocking one indicator", () => {
  test("creates it as the module does, normalised", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const outcome = yield* act(blockIoc, { value: ` ${md5.toUpperCase()} `, type: "MD5" })
        const [one] = yield* all
        expect(one).toMatchObject({
          type: "md5",
          value: md5,
          action: "prevent",
          severity: "high",
          platforms: ["mac", "windows", "linux"],
          tags: ["Sekoia.io"],
          source: "Sekoia.io",
          applied_globally: true,
        })
        expect(one).not.toHaveProperty("host_groups")
        expect(outcome.resources).toEqual([{ type: "md5", value: md5, outcome: "created", id: one!.id }])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("takes severity, platforms, action and host groups", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const options = { severity: "low", platforms: ["linux"], action: "prevent_no_ui", host_groups: ["g1"] } as const
        yield* act(blockIoc, {
          value: sha256(1),
          type: "sha256",
          ...options,
          platforms: ["linux"],
          host_groups: ["g1"],
        })
        expect(yield* all).toMatchObject([{ ...options, applied_globally: false }])
      }),
    ))

  test("sends no severity with what raises no alert", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        yield* act(blockIoc, { value: md5, type: "md5", action: "allow" })
        expect((yield* all)[0]).not.toHaveProperty("severity")
      }),
    ))

  test("changes one of ours, and keeps a foreign one's source", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        yield* act(monitorIoc, { value: sha256(1), type: "sha256" })
        const own = yield* act(blockIoc, { value: sha256(1), type: "sha256" })
        expect(own.resources).toMatchObject([{ outcome: "updated", reason: "it existed with action detect" }])
        yield* act(createIndicators, foreign({ tags: ["mine"] }))
        const other = yield* act(blockIoc, { value: md5, type: "md5" })
        expect(other.resources).toMatchObject([
          {
            outcome: "updated",
            reason: 'source "SOC" had it with action detect, now prevent; its hosts and source stay; not on mac, linux',
          },
        ])
        expect(yield* all).toMatchObject([
          { value: sha256(1), action: "prevent", source: "Sekoia.io" },
          { value: md5, action: "prevent", severity: "high", source: "SOC", tags: ["mine"], platforms: ["windows"] },
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("replaces one of ours that expired, and says when a foreign one is in the way", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        const expiration = "2026-01-15T00:01:00Z"
        yield* act(createIndicators, foreign({ source: "Sekoia.io", expiration }))
        yield* act(createIndicators, foreign({ value: sha256(1), type: "sha256", expiration }))
        yield* Effect.sleep(60_000)
        expect((yield* act(blockIoc, { value: md5, type: "md5" })).resources).toMatchObject([{ outcome: "created" }])
        expect(yield* act(blockIoc, { value: sha256(1), type: "sha256" })).toMatchObject({
          failed: 1,
          errors: [{ id: `sha256:${sha256(1)}`, code: 409 }],
        })
      }),
    ))

  for (const [type, value, message] of [
    ["md5", "abc", "not a hash"],
    ["sha256", md5, "not a hash"],
    ["ipv4", "203.0.113.0/24", "CIDR"],
    ["ipv4", "2001:db8::1", "not an IPv4"],
    ["ipv6", "203.0.113.7", "not an IPv6"],
  ] as const) {
    test(`refuses ${type} ${value}, and sends nothing`, () =>
      withFalcon({}, (simulator) =>
        Effect.gen(function* () {
          const error = yield* failureOf(blockIoc, { value, type })
          expect(error).toMatchObject({ _tag: "ArgumentError", field: "value" })
          expect(error.message).toContain(message)
          expect(yield* callsOf(simulator)).toEqual([])
        }),
      ))
  }

  test("refuses domains, which only monitor_ioc takes", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        expect(blockIoc.arguments.safeParse({ value: "a.example", type: "domain" }).success).toBe(false)
        yield* act(monitorIoc, { value: "A.example", type: "domain" })
        expect(yield* all).toMatchObject([{ type: "domain", value: "a.example", action: "detect" }])
      }),
    ))

  test("fails with what Falcon says about it", () =>
    withFalcon({ api_scopes: ["IOC Management: Read"] }, () =>
      Effect.gen(function* () {
        expect(yield* failureOf(blockIoc, { value: md5, type: "md5" })).toMatchObject({
          reason: "forbidden",
          scopes: ["IOC Management: Write"],
        })
      }),
    ))

  test("sends nothing in a dry run, and shows the row and its query", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        const [lookup, create] = yield* dryRun(blockIoc, { value: md5, type: "md5" })
        expect(new URL(lookup!.url).searchParams.get("filter")).toBe(`type:'md5'+value:'${md5}'`)
        expect(create).toMatchObject({ method: "POST", body: { indicators: [{ value: md5, action: "prevent" }] } })
        expect(new URL(create!.url).search).toBe("?ignore_warnings=true")
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})
