/** Drawn scenarios of a cluster, and those that once found something: two and three processes of the product over a model of their database. */
import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { ClusterScenario } from "./generate/cluster-scenario.ts"
import { drawCluster } from "./generate/draw-cluster.ts"
import { runCluster } from "./run/run-cluster.ts"
import { cluster_seeds } from "./run/shrink.ts"

const saved = existsSync(cluster_seeds) ? readdirSync(cluster_seeds).filter((name) => name.endsWith(".json")) : []

const expectKept = async (scenario: ClusterScenario): Promise<number> => {
  const { broken, timeline, takeovers } = await runCluster(scenario)
  if (broken !== undefined)
    throw new Error(`seed ${scenario.seed}: ${broken.rule}: ${broken.what}\n${timeline.text(60)}`)
  return takeovers
}

if (saved.length > 0)
  describe("what once broke a promise of a cluster breaks none any more", () => {
    test.each(saved)("%s", async (name) => {
      await expectKept(JSON.parse(readFileSync(`${cluster_seeds}/${name}`, "utf8")).scenario)
    })
  })

describe("every promise is kept in a cluster, whoever is frozen, killed, cut off or replaced at whatever step", () => {
  test.each([1, 16])(
    "in the 15 worlds of seeds from %i on",
    async (first) => {
      let takeovers = 0
      for (let seed = first; seed < first + 15; seed++) takeovers += await expectKept(drawCluster(seed))
      expect(takeovers).toBeGreaterThan(15)
    },
    120_000,
  )
})

test("the same seed gives the same run of a cluster, to the last line of its timeline", async () => {
  const [one, other] = [await runCluster(drawCluster(3)), await runCluster(drawCluster(3))]
  expect(one.timeline.text()).toBe(other.timeline.text())
})
