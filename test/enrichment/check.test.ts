import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { check } from "../../src/plugins/enrichment/check.ts"
import { enrichment } from "../../src/plugins/enrichment/plugin.ts"
import { violationsOf, withFalcon } from "../actions/support.ts"

const rows = check({ edge_types: "all" })

describe("akonis check", () => {
  test("says how many edge types are followed, and that alerts may be read", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        expect(yield* rows).toEqual([
          { name: "threatgraph", status: "ok", detail: "266 edge types are followed" },
          { name: "alerts", status: "ok", detail: "may be read" },
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("warns of a list of edge types that Falcon does not offer", () =>
    withFalcon({}, () =>
      Effect.gen(function* () {
        expect((yield* check({ edge_types: ["device", "nonsense"] }))[0]).toMatchObject({ status: "warning" })
      }),
    ))

  test("names each scope that is missing; they are the plugin's", () =>
    withFalcon({ api_scopes: [] }, () =>
      Effect.gen(function* () {
        const found = yield* rows
        expect(found.map(({ status }) => status)).toEqual(["failed", "failed"])
        for (const scope of enrichment.scopes) expect(found.some(({ detail }) => detail.includes(scope))).toBe(true)
      }),
    ))
})
