import { expect, test } from "bun:test"
import { parseScenario } from "./scenario.ts"

test("a scenario is YAML; what it leaves out has a default", () => {
  const scenario = parseScenario("port: 9400\nfaults:\n  - { on: stream, every: 10, do: cut }\n")
  expect(scenario).toMatchObject({
    port: 9400,
    seed: 1,
    partitions: 1,
    faults: [{ on: "stream", every: 10, do: "cut" }],
  })
  expect(parseScenario("")).toMatchObject({ events_per_partition: 1000 })
})

test("the scenario of the README is one", async () => {
  const readme = await Bun.file(new URL("README.md", import.meta.url)).text()
  const yaml = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""
  expect(parseScenario(yaml)).toMatchObject({ seed: 42, partitions: 2 })
})

test("an unknown key or a value that is not allowed is named", () => {
  expect(() => parseScenario("partitons: 2")).toThrow("partitons")
  expect(() => parseScenario("resume: sideways")).toThrow("resume: ")
  expect(() => parseScenario("faults: [{ on: stream, do: dance }]")).toThrow("faults.0.do: one of hang, reset")
  expect(() => parseScenario("intake_prefix: intake/")).toThrow("intake_prefix: a path such as /intake")
})
