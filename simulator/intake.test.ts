import { describe, expect, test } from "bun:test"
import type { SimulatorOptions } from "./options.ts"
import { makeSimulator } from "./simulator.ts"
import { SdkClient, VirtualClock } from "./testing.ts"

function setUp(options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 50, ...options }, clock)
  const client = new SdkClient("http://intake.test", (request) => simulator.fetch(request))
  const event = (index: number, partition = 0) => new TextDecoder().decode(simulator.tapes.get(partition)!.bytes(index))
  const events = (from: number, to: number) => Array.from({ length: to - from }, (_, step) => event(from + step))
  return { clock, simulator, client, event, events }
}

describe("the intake", () => {
  test("takes a batch and gives one id for each event", async () => {
    const { client, events, simulator } = setUp()
    const response = await client.push(events(0, 300))
    expect(response.status).toBe(200)
    const { event_ids } = (await response.json()) as { event_ids: string[] }
    expect(new Set(event_ids).size).toBe(300)
    expect(event_ids[0]).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
    expect(simulator.account()).toMatchObject({
      total: { delivered: 300, repeated: 0, corrupted: 0, out_of_order: 0, undelivered: { events: 700 } },
      intake: { batches: 1, events: 300, batch_events_max: 300 },
      violations: [],
    })
  })

  test("takes a batch whose characters are all escaped", async () => {
    const { client, events, simulator } = setUp()
    const escaped = (text: string) =>
      text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    const body = escaped(JSON.stringify({ intake_key: "simulated-intake-key", jsons: events(0, 1000) }))
    expect((await client.request("/batch", { method: "POST", body })).status).toBe(200)
    expect(simulator.account().total).toMatchObject({ delivered: 1000, corrupted: 0 })
  })

  test("tells changed bytes, repeats, wrong order and strangers apart", async () => {
    const { client, event, simulator } = setUp({ partitions: 2 })
    const vertex = JSON.stringify({ metadata: { detectionIdString: "x" }, event: { type: "vertex" } })
    const batch = [event(0), event(5), event(3), event(5), event(4, 1), `${event(6)} `, '{"metadata":{"offset":7}}']
    await client.push([...batch, vertex, "no json", "[]"])
    const account = simulator.account()
    expect(account.partitions[0]).toMatchObject({ delivered: 4, repeated: 1, corrupted: 1, out_of_order: 1 })
    expect(account.partitions[1]).toMatchObject({ delivered: 1, repeated: 0, corrupted: 0, out_of_order: 0 })
    expect(account.total).toMatchObject({ available: 2000, delivered: 5, undelivered: { events: 1995 } })
    expect(account.intake).toMatchObject({ unknown: 1, without_offset: 2, not_json: 1 })
  })

  test("finds the offset of an event among others that stand in its text", async () => {
    const { client, event, simulator } = setUp()
    await client.push([event(0).replace("{", '{"offset":5,"nested":{"offset":12345},')])
    expect(simulator.account().total).toMatchObject({ delivered: 1, corrupted: 1 })
  })

  test("names the first undelivered events", async () => {
    const { client, events, simulator } = setUp({ events_per_partition: 20 })
    await client.push([...events(0, 4), ...events(6, 8), ...events(9, 20)])
    const tape = simulator.tapes.get(0)!
    const offsets = [4, 5, 8].map((index) => tape.offset(index))
    expect(simulator.account().total.undelivered).toEqual({ events: 3, offsets })
    await client.push([...events(4, 6), ...events(8, 9)])
    expect(simulator.account().total.undelivered).toEqual({ events: 0, offsets: [] })
  })

  test("refuses what the real one refuses", async () => {
    const { client, event, simulator } = setUp()
    expect((await client.push([event(0)], "wrong")).status).toBe(401)
    expect((await client.push("none")).status).toBe(400)
    expect((await client.push([1])).status).toBe(400)
    expect((await client.request("/batch", { method: "POST", body: "{" })).status).toBe(400)
    const latin1 = Uint8Array.of(0x22, 0xe9, 0x22)
    expect((await client.request("/batch", { method: "POST", body: latin1 })).status).toBe(400)
    expect((await client.push(["x".repeat(250_001)])).status).toBe(400)
    expect((await client.push(["x".repeat(11 * 1024 * 1024)])).status).toBe(413)
    const account = simulator.account()
    expect(account.intake.refused).toEqual({ 400: 5, 401: 1, 413: 1 })
    expect(account.total.delivered).toBe(0)
    expect(account.violations.map(({ what }) => what)).toEqual(["a body of 11534386 bytes"])
  })

  test("counts the characters of an event as Python does, not its bytes or code units", async () => {
    const { client } = setUp({ intake_event_chars_max: 10 })
    expect((await client.push(["é".repeat(10)])).status).toBe(200)
    expect((await client.push(["😀".repeat(10)])).status).toBe(200)
    expect((await client.push(["😀".repeat(11)])).status).toBe(400)
  })

  test("takes more than 1000 events but notes it", async () => {
    const { client, simulator } = setUp()
    expect((await client.push(new Array(1001).fill("{}"))).status).toBe(200)
    expect(simulator.account().violations).toMatchObject([{ what: "a batch of 1001 events" }])
  })

  test("refuses every batch that holds an event it cannot bear", async () => {
    const poison = [
      { partition: 0, index: 1, kind: "intake_refuses" },
      { partition: 0, index: 2, kind: "intake_too_large" },
      { partition: 0, index: 3, kind: "malformed" },
    ] as const
    const { client, event, simulator } = setUp({ poison: [...poison], events_per_partition: 5 })
    expect((await client.push([event(0), event(1)])).status).toBe(400)
    expect((await client.push([event(0), event(2)])).status).toBe(413)
    expect((await client.push([event(0), event(4)])).status).toBe(200)
    expect(simulator.account().total).toMatchObject({
      available: 5,
      delivered: 2,
      undelivered: { events: 0 },
      poison: { expected: 3, delivered: 0 },
    })
    await client.push([event(3)])
    expect(simulator.account().total.poison).toEqual({ expected: 3, delivered: 1 })
  })

  test("answers after its delay", async () => {
    const { client, clock, event } = setUp({ intake_delay_ms: 500 })
    let answered = false
    const pushing = client.push([event(0)]).finally(() => {
      answered = true
    })
    await clock.advance(499)
    expect(answered).toBe(false)
    await clock.advance(1)
    expect((await pushing).status).toBe(200)
  })

  test("may stand under a path of its own", async () => {
    const { client, event } = setUp({ intake_prefix: "/intake" })
    expect((await client.push([event(0)])).status).toBe(404)
    const body = JSON.stringify({ intake_key: "simulated-intake-key", jsons: [event(0)] })
    expect((await client.request("/intake/batch", { method: "POST", body })).status).toBe(200)
  })

  test("measures how long live events took to arrive", async () => {
    const { client, clock, events, simulator } = setUp({ events_per_partition: 10, events_per_second: 10 })
    await clock.advance(1000)
    await client.push(events(0, 20))
    expect(simulator.account().delivered_ms).toEqual({ events: 10, p50: 400, p99: 900, max: 900 })
  })

  test("can be told to look less closely", async () => {
    const counting = setUp({ intake_check: "count" })
    await counting.client.push([counting.event(0), `${counting.event(1)} `])
    expect(counting.simulator.account().total).toMatchObject({ delivered: 2, corrupted: 0 })
    const blind = setUp({ intake_check: "none" })
    expect((await blind.client.push([blind.event(0)])).status).toBe(200)
    expect(blind.simulator.account()).toMatchObject({ total: { delivered: 0 }, intake: { batches: 1 } })
  })
})
