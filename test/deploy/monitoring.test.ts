/** The alert rules and the Grafana dashboard of `deploy/`. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { metrics } from "../../src/core/telemetry/metrics.ts"
import { plugins } from "../../src/plugins/index.ts"

const rules_file = "deploy/prometheus/alerts.yml"
const dashboard_file = "deploy/grafana/akonis.json"

const declared = [metrics, ...plugins.map((plugin) => plugin.metrics ?? {})].flatMap((table) =>
  Object.values(table).map(({ id }) => id),
)

/** Names of our metrics in a text; of a histogram its own. */
const namesIn = (text: string): readonly string[] => {
  const names = text.match(/\bakonis_[a-z_]+/g) ?? []
  return [...new Set(names.map((name) => (declared.includes(name) ? name : name.replace(/_(bucket|count|sum)$/, ""))))]
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string; readonly annotations: object }[]
  }[]
}

describe("monitoring", () => {
  test("asks only for metrics that there are", () => {
    const { groups } = parse(readFileSync(rules_file, "utf8")) as Rules
    const asked = namesIn(groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)).join("\n"))
    expect(asked.length).toBeGreaterThan(5)
    const shown = namesIn(readFileSync(dashboard_file, "utf8"))
    expect(shown.length).toBeGreaterThan(15)
    expect([...asked, ...shown].filter((name) => !declared.includes(name))).toEqual([])
  })

  test("tells with every alert what happened and what to do", () => {
    const { groups } = parse(readFileSync(rules_file, "utf8")) as Rules
    for (const { alert, annotations } of groups.flatMap(({ rules }) => rules)) {
      expect([alert, Object.keys(annotations).sort()]).toEqual([alert, ["action", "summary"]])
    }
  })

  const promtool = Bun.which("promtool")
  if (promtool === null && process.env.CI !== "true") {
    test.skip("fires and falls silent as its own tests say: install promtool (Debian: prometheus)", () => {})
    return
  }

  test("fires and falls silent as its own tests say", () => {
    expect(promtool).not.toBeNull()
    const ran = Bun.spawnSync([promtool!, "test", "rules", "deploy/prometheus/alerts.test.yml"])
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, ""])
  })
})
