import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { Effect } from "effect"
import { faultOn } from "../actions/support.ts"
import { enrich, withEnricher } from "./support.ts"

const folder = "fixtures/enrichment"

/** Falcon's answers of one scene: the file's name, up to a dash or dot, says which call it answers. */
const paths: Readonly<Record<string, string>> = {
  alert: "/alerts/entities/alerts/v2",
  detection: "/detects/entities/summaries/GET/v1",
  edges: "/threatgraph/combined/edges/v1",
}

function answersOf(scene: string) {
  const names = readdirSync(`${folder}/${scene}`).filter((name) => name.endsWith(".json") && name !== "event.json")
  return names.sort().map((name) => {
    const [, kind = "", rest = ""] = /^(\w+)-?([\w-]*)\.json$/.exec(name)!
    const path = kind === "vertices" ? `/threatgraph/entities/${rest}/v1` : paths[kind]!
    return faultOn(path, { status: 200, body: readFileSync(`${folder}/${scene}/${name}`, "utf8") })
  })
}

describe("what is sent after a detection is, byte for byte, what stands in the golden file", () => {
  test.each(["alert", "detection"])("for the way through the %s", (scene) =>
    withEnricher(
      { faults: answersOf(scene), detections: "served" },
      { edge_types: ["child_process"] },
      ({ enricher }) =>
        Effect.gen(function* () {
          const event: unknown = JSON.parse(readFileSync(`${folder}/${scene}/event.json`, "utf8"))
          const sent = yield* enrich(enricher, event)
          const expected = readFileSync(`${folder}/${scene}/expected.ndjson`, "utf8")
          expect(sent.map((text) => `${text}\n`).join("")).toBe(expected)
          for (const text of sent) expect(() => JSON.parse(text)).not.toThrow()
        }),
    ),
  )
})
