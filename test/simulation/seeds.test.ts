/** Drawn scenarios, and those that once found something, run against the real worker. */
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { drawScenario } from "./generate/draw.ts"
import type { Scenario } from "./generate/scenario.ts"
import { overNdjson } from "./run/event-file.ts"
import { runScenario } from "./run/run-scenario.ts"

const folder = `${import.meta.dir}/seeds`
const saved = readdirSync(folder).filter((name) => name.endsWith(".json"))

const expectKept = async (scenario: Scenario): Promise<void> => {
  const { broken, timeline } = await runScenario(scenario)
  if (broken !== undefined) throw new Error(`${broken.rule}: ${broken.what}\n${timeline.text(60)}`)
}

describe("what once broke a promise breaks none any more", () => {
  test.each(saved)("%s", (name) => expectKept(JSON.parse(readFileSync(`${folder}/${name}`, "utf8")).scenario))
})

describe("every promise is kept", () => {
  const per_test = 30
  test.each(Array.from({ length: 10 }, (_, i) => [i * per_test + 1, (i + 1) * per_test] as const))(
    "in the worlds of seeds %i to %i",
    async (first, last) => {
      for (let seed = first; seed <= last; seed++) await expectKept(drawScenario(seed))
    },
    120_000,
  )
})

describe("every promise is kept over NDJSON files, too", () => {
  test.each([0, 25, 50, 75])(
    "in the 25 worlds of seeds from %i on",
    async (before) => {
      for (let seed = before + 1; seed <= before + 25; seed++) await expectKept(overNdjson(drawScenario(seed)))
    },
    120_000,
  )
})

test("the same seed gives the same run, to the last line of its timeline", async () => {
  for (const seed of [1, 7, 12, 40]) {
    const [one, other] = [await runScenario(drawScenario(seed)), await runScenario(drawScenario(seed))]
    expect(one.timeline.text()).toBe(other.timeline.text())
  }
})
