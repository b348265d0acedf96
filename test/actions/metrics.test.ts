/** What `GET /metrics` tells of actions, of requests to Falcon and to ourselves, and of the process. */
import { describe, expect, spyOn, test } from "bun:test"
import { Effect, Metric } from "effect"
import { hostIds, unknown_host } from "./problems.ts"
import { tokens, withServed } from "./served.ts"

/** The value of the one line that begins with the name and holds all of these labels; 0 where there is none. */
const sampleOf = (text: string, name: string, labels: Readonly<Record<string, string>>): number => {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  const lines = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
  expect(lines.length).toBeLessThan(2)
  return Number(lines[0]?.split(" ").at(-1) ?? 0)
}

describe("metrics", () => {
  test("count runs of actions by what came of them, and time those that asked Falcon", () =>
    withServed({}, async (served) => {
      const { ask, act } = served
      const read = async () => (await ask("/metrics", { token: tokens.reader })).text
      const [host] = await hostIds(served, 1)
      const before = await read()
      expect((await act("isolate_endpoints", { ids: [host] })).status).toBe(200)
      expect((await act("isolate_endpoints?dry_run=true", { ids: [host] })).status).toBe(200)
      expect((await act("isolate_endpoints", { ids: [unknown_host] })).status).toBe(404)
      expect((await act("isolate_endpoints", { id: "x" })).status).toBe(400)
      const after = await read()
      const more = (name: string, labels: Readonly<Record<string, string>>) =>
        sampleOf(after, name, labels) - sampleOf(before, name, labels)
      const run = { tenant: "default", action: "isolate_endpoints" }
      expect(more("akonis_actions_total", { ...run, outcome: "success" })).toBe(1)
      expect(more("akonis_actions_total", { ...run, outcome: "dry_run" })).toBe(1)
      expect(more("akonis_actions_total", { ...run, outcome: "refused" })).toBe(1)
      expect(more("akonis_action_seconds_count", run)).toBe(1)
      const route = "/actions/:slug"
      expect(more("akonis_http_request_seconds_count", { method: "POST", route, status: "200" })).toBe(2)
      for (const status of ["400", "404"])
        expect(more("akonis_http_request_seconds_count", { method: "POST", route, status })).toBe(1)
      expect(after).toMatch(/akonis_falcon_request_seconds_count\{[^}]*outcome="2\d\d"/)
    }))

  test("show the state of every plugin, what waits on the disk, and the process; a made-up path is no label", () =>
    withServed({}, async ({ ask }) => {
      await ask("/nobody/knows/this", { token: tokens.reader })
      const { text } = await ask("/metrics", { token: tokens.reader })
      expect(sampleOf(text, "akonis_plugin_status", { tenant: "default", plugin: "hosts", status: "ok" })).toBe(1)
      expect(sampleOf(text, "akonis_plugin_status", { tenant: "default", plugin: "hosts", status: "failed" })).toBe(0)
      expect(text).toMatch(/^akonis_dead_letters_pending\{.*\} 0$/m)
      expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(1_000_000)
      expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m)
      expect(text).toMatch(/^process_start_time_seconds [\d.]+$/m)
      expect(text).not.toContain("/nobody/knows")
    }))

  test("are gone through once for each scrape and each look, however many tenants there are", () =>
    withServed({ tenants: ["one", "two", "three"] }, async ({ ask }) => {
      const walks = spyOn(Effect.runSync(Metric.MetricRegistry), "values")
      try {
        const { text } = await ask("/metrics", { token: tokens.reader })
        expect(sampleOf(text, "akonis_plugin_status", { tenant: "three", plugin: "hosts", status: "ok" })).toBe(1)
        expect(walks).toHaveBeenCalledTimes(1)
        await ask("/status", { token: tokens.reader })
        expect(walks).toHaveBeenCalledTimes(2)
      } finally {
        walks.mockRestore()
      }
    }))

  test("say nothing of dead letters that cannot be read, rather than that there are none", () =>
    withServed({ tenants: ["readable", "unreadable"] }, async ({ ask, writeFile }) => {
      writeFile("unreadable/dead-letters", "a file in the place of the folder")
      const { text } = await ask("/metrics", { token: tokens.reader })
      expect(text).toContain('akonis_dead_letters_pending{tenant="readable"} 0')
      expect(text).not.toContain('akonis_dead_letters_pending{tenant="unreadable"}')
    }))
})
