import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { Cause, Exit } from "effect"
import { json, type Live, until, withLive } from "./live.ts"

const intakeOf = ({ falcon }: Live) => ({
  connector_configuration: { intake_key: falcon.simulator.settings.intake_key },
  intake_url: falcon.url,
})

const delivered = ({ falcon }: Live) => falcon.simulator.account().total.delivered
const ports = ({ platform }: Live) => {
  const line = platform.lines().find(({ message }) => message.includes("liveness on port"))
  const [, liveness, metrics] = /liveness on port (\d+), metrics on port (\d+)/.exec(line?.message ?? "") ?? []
  return { liveness, metrics }
}

describe("the event stream", () => {
  test("delivers every event through a stop in their midst, and stores its offsets in the data path", () =>
    withLive({ simulator: { events_per_partition: 5_000, intake_delay_ms: 50 } }, async (live) => {
      const first = live.start("event_stream_trigger", intakeOf(live))
      await until("a first batch", () => delivered(live) > 0)
      const stopped = await first.stop()
      expect(Exit.isFailure(stopped) && Cause.hasInterruptsOnly(stopped.cause)).toBe(true)
      const before = delivered(live)
      expect(before).toBeLessThan(5_000)
      const offsets = Object.values(json(`${live.data}/cache.json`))
      expect(offsets.length).toBeGreaterThan(0)
      // As the Python module leaves it.
      writeFileSync(`${live.data}/cache.json`, JSON.stringify(json(`${live.data}/cache.json`)))

      live.start("event_stream_trigger", intakeOf(live))
      await until("all events", () => delivered(live) === 5_000)
      const { total, violations } = live.falcon.simulator.account()
      expect(total).toMatchObject({ delivered: 5_000, repeated: 0, corrupted: 0, out_of_order: 0 })
      expect(violations).toEqual([])
      expect(live.platform.complaints).toEqual([])
      expect(live.platform.lines().some(({ message }) => message.startsWith("stopped"))).toBe(true)
      const sent = JSON.stringify(live.platform.calls)
      const { client_secret, intake_key } = live.falcon.simulator.settings
      expect([client_secret, intake_key].filter((secret) => sent.includes(secret))).toEqual([])
    }))

  test("tells that it lives on one port, and its metrics on another", () =>
    withLive({ simulator: { events_per_partition: 3 } }, async (live) => {
      live.start("event_stream_trigger", intakeOf(live))
      await until("its ports", () => ports(live).metrics !== undefined)
      const { liveness, metrics } = ports(live)
      const health = await fetch(`http://127.0.0.1:${liveness}/health`)
      expect(health.status).toBe(200)
      expect(await health.json()).toMatchObject({ error_count: 0, plugins: { "event-stream": {} } })
      expect((await fetch(`http://127.0.0.1:${liveness}/`)).status).toBe(404)
      expect(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).toContain("akonis_")
    }))

  test("takes secrets of its own configuration from the platform, and the intake of its configuration before the runtime's", () =>
    withLive({ simulator: { events_per_partition: 3 } }, async (live) => {
      const { client_secret, intake_key } = live.falcon.simulator.settings
      live.platform.options.answer = ({ path }) =>
        path.endsWith("/secrets") ? Response.json({ value: { client_secret }, node_value: { intake_key } }) : undefined
      live.start("event_stream_trigger", {
        trigger_configuration: { intake_key: "*****", intake_server: live.falcon.url },
        intake_url: "http://127.0.0.1:9",
      })
      await until("all events", () => delivered(live) === 3)
    }))

  test("asks for its secrets again while the platform does not know them", () =>
    withLive({ simulator: { events_per_partition: 3 } }, async (live) => {
      live.platform.options.answer = ({ path }, nth) => (path.endsWith("/secrets") && nth < 2 ? 404 : undefined)
      live.start("event_stream_trigger", intakeOf(live))
      await until("all events", () => delivered(live) === 3)
      expect(live.platform.calls.filter(({ method }) => method === "GET").length).toBe(2)
    }))

  test("goes on while the platform takes no log lines, and tells them later", () =>
    withLive({ simulator: { events_per_partition: 3 } }, async (live) => {
      live.platform.options.answer = ({ path }, nth) => (path.endsWith("/logs") && nth < 4 ? 503 : undefined)
      const { stop } = live.start("event_stream_trigger", intakeOf(live))
      await until("all events", () => delivered(live) === 3)
      await stop()
      expect(live.platform.lines().some(({ message }) => message.includes("liveness on port"))).toBe(true)
    }))

  test("does not begin anew where the stored offsets cannot be read: it ends, and the platform is told why", () =>
    withLive({ simulator: { events_per_partition: 3 } }, async (live) => {
      writeFileSync(`${live.data}/cache.json`, '{"http://')
      const exit = await live.start("event_stream_trigger", intakeOf(live)).ended
      expect(exit._tag).toBe("Failure")
      expect(
        live.platform.lines().some(({ level, message }) => level === "error" && message.includes("cache.json")),
      ).toBe(true)
      expect(readFileSync(`${live.data}/cache.json`, "utf8")).toBe('{"http://')
      expect(delivered(live)).toBe(0)
    }))

  test("tells a configuration that cannot be used as critical, which the platform stops it for", () =>
    withLive({}, async (live) => {
      const { stop } = live.start("event_stream_trigger", { connector_configuration: {} })
      await until("a critical line", () => live.platform.lines().some(({ level }) => level === "critical"))
      const [critical] = live.platform.lines().filter(({ level }) => level === "critical")
      expect(critical?.message).toContain("intake_key")
      await stop()
      expect(existsSync(`${live.data}/cache.json`)).toBe(false)
    }))
})
