import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import type { Simulator } from "../../simulator/simulator.ts"
import { layerWire } from "../../src/outside/rig.ts"
import { checks } from "../../src/plugins/enrichment/check.ts"
import type { EnrichmentConfig } from "../../src/plugins/enrichment/config.ts"
import { enrichment } from "../../src/plugins/enrichment/plugin.ts"
import { violationsOf, withFalcon } from "../actions/support.ts"

const rowsWith = (simulator: Simulator, edge_types: EnrichmentConfig["edge_types"] = "all") =>
  Effect.forEach(checks({ edge_types }), ({ name, find }) =>
    Effect.map(find, (finding) => ({ name, ...finding })),
  ).pipe(Effect.provide(layerWire(simulator)))

describe("akonis check", () => {
  test("says how many edge types are followed, and that alerts may be read", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        expect(yield* rowsWith(simulator)).toEqual([
          { name: "threatgraph", status: "ok", detail: "266 edge types are followed" },
          { name: "alerts", status: "ok", detail: "may be read" },
        ])
        expect(violationsOf(simulator)).toEqual([])
      }),
    ))

  test("warns of a list of edge types that Falcon does not offer", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        expect((yield* rowsWith(simulator, ["device", "nonsense"]))[0]).toMatchObject({ status: "warning" })
      }),
    ))

  test("names each scope that is missing; they are the plugin's", () =>
    withFalcon({ api_scopes: [] }, (simulator) =>
      Effect.gen(function* () {
        const found = yield* rowsWith(simulator)
        expect(found.map(({ status }) => status)).toEqual(["failed", "failed"])
        for (const scope of enrichment.scopes) expect(found.some(({ remedy }) => remedy?.includes(scope))).toBe(true)
      }),
    ))
})
