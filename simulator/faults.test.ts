import { afterEach, describe, expect, test } from "bun:test"
import { type Listening, listen } from "./listen.ts"
import type { SimulatorOptions } from "./options.ts"
import { makeSimulator } from "./simulator.ts"
import { SdkClient, settled, VirtualClock } from "./testing.ts"

let listening: Listening | undefined

afterEach(async () => {
  await listening?.stop()
  listening = undefined
})

function setUp(faults: SimulatorOptions["faults"] = [], options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 20, events_per_partition: 100, ...options, faults }, clock)
  const client = new SdkClient("http://falcon.test", (request) => simulator.fetch(request))
  return { clock, simulator, client, tape: simulator.tapes.get(0)! }
}

describe("a fault on requests", () => {
  test("answers what it is told to, once", async () => {
    const headers = { "retry-after": "7" }
    const { client } = setUp([{ on: "list", do: { status: 429, headers, body: '{"a":1}' } }])
    const first = await client.list()
    expect([first.status, first.headers.get("retry-after"), await first.text()]).toEqual([429, "7", '{"a":1}'])
    expect((await client.list()).status).toBe(200)
  })

  test("strikes at every n-th occasion, after some, so many times", async () => {
    const { client } = setUp([{ on: "token", skip: 1, every: 2, count: 2, do: { status: 503 } }])
    const statuses: number[] = []
    for (let call = 0; call < 8; call++) statuses.push((await client.token()).status)
    expect(statuses).toEqual([201, 201, 503, 201, 503, 201, 201, 201])
  })

  test("strikes all the time within its window", async () => {
    const { client, clock } = setUp([{ on: "token", from_ms: 1000, until_ms: 3000, do: { status: 500 } }])
    const statuses: number[] = []
    for (let second = 0; second < 5; second++) {
      statuses.push((await client.token()).status, (await client.token()).status)
      await clock.advance(1000)
    }
    expect(statuses).toEqual([201, 201, 500, 500, 500, 500, 201, 201, 201, 201])
  })

  test("can be slow, redirect, or list nothing", async () => {
    const { client, clock } = setUp([
      { on: "token", do: { slow: { delay_ms: 4000 } } },
      { on: "token", do: { redirect: { location: "http://eu.test/oauth2/token" } } },
      { on: "list", do: "empty" },
    ])
    let answered = false
    const slow = client.token().finally(() => {
      answered = true
    })
    await clock.advance(3999)
    expect(answered).toBe(false)
    await clock.advance(1)
    expect((await slow).status).toBe(201)
    const redirect = await client.token()
    expect([redirect.status, redirect.headers.get("location")]).toEqual([308, "http://eu.test/oauth2/token"])
    expect(await client.feeds()).toEqual([])
    expect(await client.feeds()).toHaveLength(1)
  })

  test("can leave a request without an answer until its client gives up", async () => {
    const { client, clock } = setUp([{ on: "token", do: "hang" }])
    const aborting = new AbortController()
    let outcome = "waiting"
    const request = client.request("/oauth2/token", { method: "POST", signal: aborting.signal }).catch(() => {
      outcome = "given up"
    })
    await clock.advance(3_600_000)
    expect(outcome).toBe("waiting")
    aborting.abort()
    await request
    expect(outcome).toBe("given up")
  })

  test("can break the connection: fetch rejects in process, the socket is reset outside", async () => {
    const { client } = setUp([{ on: "token", do: "reset" }])
    await expect(client.token()).rejects.toMatchObject({ code: "ECONNRESET" })
    listening = listen({ templates: 5, faults: [{ on: "token", do: "reset" }] })
    const outside = new SdkClient(listening.url)
    // One attempt and no more: fetch itself repeats a request that broke on a connection it had kept.
    await expect(outside.token()).rejects.toMatchObject({ code: "ECONNRESET" })
  })

  test("concerns only its partition", async () => {
    const { client } = setUp([{ on: "open", partition: 1, until_ms: 60_000, do: { status: 404 } }], { partitions: 2 })
    const feeds = await client.feeds()
    expect((await client.open(feeds[0]!)).status).toBe(200)
    expect((await client.open(feeds[1]!)).status).toBe(404)
  })

  test("fails a refresh", async () => {
    const { client } = setUp([{ on: "refresh", do: { status: 500 } }])
    const [feed] = await client.feeds()
    expect((await client.refresh(feed!)).status).toBe(500)
    expect((await client.refresh(feed!)).status).toBe(200)
  })

  test("lets the intake take a batch and answer 500", async () => {
    const { client, simulator, tape } = setUp([{ on: "intake", do: "accept_then_fail" }])
    const events = [new TextDecoder().decode(tape.bytes(0))]
    expect((await client.push(events)).status).toBe(500)
    expect((await client.push(events)).status).toBe(200)
    expect(simulator.account().total).toMatchObject({ delivered: 1, repeated: 1 })
  })
})

describe("a fault on a stream", () => {
  test("cut: ends the body in the middle of a line, and the event comes again", async () => {
    const { client, tape } = setUp([{ on: "stream", skip: 10, do: "cut" }])
    const stream = await (await client.stream()).readAll()
    expect(stream.offsets).toHaveLength(10)
    expect(stream.rest).not.toBe("")
    expect(new TextDecoder().decode(tape.bytes(10))).toStartWith(stream.rest)
    const again = await client.stream(`&offset=${tape.offset(10)}`)
    expect(await again.readEvents(90)).toHaveLength(90)
  })

  test("end: ends the body cleanly, even with nothing to send", async () => {
    const { client, clock } = setUp([{ on: "stream", after_ms: 3000, do: "end" }])
    const stream = await client.stream()
    const reading = stream.readAll()
    await clock.advance(2999)
    expect(stream.ended).toBe(false)
    await clock.advance(1)
    await reading
    expect([stream.events.length, stream.rest, stream.error]).toEqual([100, "", undefined])
  })

  test("reset: breaks the connection", async () => {
    const { client } = setUp([{ on: "stream", skip: 10, do: "reset" }])
    const stream = await (await client.stream()).readAll()
    expect(stream.error).toMatchObject({ code: "ECONNRESET" })
    listening = listen({ templates: 5, faults: [{ on: "stream", skip: 10, do: "reset" }] })
    const outside = await (await new SdkClient(listening.url).stream()).readAll()
    expect(outside.error).toBeDefined()
    expect(outside.events.length).toBeLessThanOrEqual(10)
  })

  test("stall: sends nothing at all until its window ends", async () => {
    const { client, clock } = setUp([{ on: "stream", skip: 10, until_ms: 60_000, do: "stall" }])
    const stream = await client.stream()
    const reading = stream.readEvents(100)
    await clock.advance(59_999)
    expect([stream.events.length, stream.lines.length]).toEqual([10, 11])
    await clock.advance(1)
    expect(await reading).toHaveLength(100)
  })

  test("keepalive_only: sends empty lines but no events, until it is removed", async () => {
    const { client, clock, simulator } = setUp([{ on: "stream", skip: 10, do: "keepalive_only" }])
    const stream = await client.stream()
    const reading = stream.readEvents(100)
    await clock.advance(60_000)
    expect([stream.events.length, stream.lines.length]).toEqual([10, 23])
    simulator.removeFaults()
    expect(await reading).toHaveLength(100)
  })

  test("repeat: sends the last events again", async () => {
    const { client, tape } = setUp([{ on: "stream", skip: 10, do: { repeat: { events: 3 } } }])
    const stream = await client.stream()
    await stream.readEvents(103)
    expect(stream.offsets.slice(8, 14)).toEqual([8, 9, 7, 8, 9, 10].map((index) => tape.offset(index)))
  })

  test("rewind: starts again from the oldest event", async () => {
    const { client, tape } = setUp([{ on: "stream", skip: 10, do: "rewind" }])
    const stream = await client.stream()
    await stream.readEvents(110)
    expect(stream.offsets.slice(9, 12)).toEqual([9, 0, 1].map((index) => tape.offset(index)))
  })

  test("every: strikes again and again", async () => {
    const { client, tape, simulator } = setUp([{ on: "stream", every: 25, do: "cut" }])
    const seen = new Set<number>()
    let next = 0
    for (let connections = 0; connections < 10 && seen.size < 100; connections++) {
      const stream = await client.stream(`&offset=${next}`)
      await (seen.size > 90 ? stream.readEvents(100 - seen.size + 1) : stream.readAll())
      for (const offset of stream.offsets) seen.add(offset)
      next = stream.offsets.at(-1) ?? next
      await stream.cancel()
      await settled()
    }
    expect(seen.size).toBe(100)
    expect(simulator.account().total.sent).toBe(100)
    expect(simulator.state.faults[0]!.struck).toBeGreaterThan(2)
    expect(seen.has(tape.offset(99))).toBe(true)
  })
})

describe("a schedule", () => {
  test("says what is wrong with a fault", () => {
    expect(() => setUp([{ on: "token", do: "cut" }])).toThrow('faults.0.do: "cut" is not possible on "token"')
    expect(() => setUp([{ on: "intake", do: "empty" }])).toThrow("not possible")
    expect(() => makeSimulator({ partitions: 0 }, new VirtualClock())).toThrow("partitions")
  })

  test("is seen and steered over HTTP", async () => {
    const { client, clock } = setUp()
    await clock.advance(5000)
    const added = await client.control("POST", "faults", [
      { on: "token", until_ms: 1000, do: { status: 500 } },
      { on: "list", do: "empty" },
    ])
    expect(added.status).toBe(201)
    expect((await client.token()).status).toBe(500)
    expect(await (await client.control("GET", "faults")).json()).toMatchObject([{ id: 1, struck: 1 }, { id: 2 }])
    expect(await (await client.control("DELETE", "faults/1")).json()).toEqual({ removed: 1 })
    expect((await client.token()).status).toBe(201)
    expect(await (await client.control("DELETE", "faults")).json()).toEqual({ removed: 1 })
    expect((await client.control("POST", "faults", { on: "moon", do: "hang" })).status).toBe(400)
  })
})
