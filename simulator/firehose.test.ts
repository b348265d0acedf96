import { afterEach, describe, expect, test } from "bun:test"
import { connect } from "node:net"
import { type Listening, type ListenOptions, listen } from "./listen.ts"
import type { SimulatorOptions } from "./options.ts"
import { makeSimulator } from "./simulator.ts"
import { LineReader, SdkClient, settled, VirtualClock } from "./testing.ts"

let listening: Listening | undefined

afterEach(async () => {
  await listening?.stop()
  listening = undefined
})

function overSockets(options: ListenOptions = {}) {
  listening = listen({ templates: 50, ...options })
  return {
    simulator: listening.simulator,
    client: new SdkClient(listening.url),
    tape: listening.simulator.tapes.get(0)!,
  }
}

function inProcess(options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 50, ...options }, clock)
  const client = new SdkClient("http://falcon.test", (request) => simulator.fetch(request))
  return { clock, simulator, client, tape: simulator.tapes.get(0)! }
}

const decoder = new TextDecoder()

describe("a stream over a socket", () => {
  test("gives every event of the backlog, byte for byte and in order", async () => {
    const { client, tape } = overSockets({ events_per_partition: 3000 })
    const stream = await client.stream()
    const events = await stream.readEvents(3000)
    expect(events).toHaveLength(3000)
    for (const [index, event] of events.entries()) {
      if (event !== decoder.decode(tape.bytes(index))) throw new Error(`event ${index} differs`)
    }
    await stream.cancel()
  })

  test("sends its headers and an empty line at once, even with nothing to tell", async () => {
    const { client } = overSockets({ events_per_partition: 0 })
    const [feed] = await client.feeds()
    const response = await client.open(feed!)
    expect(response.status).toBe(200)
    const { value } = await response.body!.getReader().read()
    expect(value).toEqual(Uint8Array.of(13, 10))
  })

  test("goes on with events as they come", async () => {
    const { client, simulator } = overSockets({ events_per_partition: 5, events_per_second: 200, events_max: 30 })
    const stream = await client.stream()
    expect(await stream.readEvents(30)).toHaveLength(30)
    expect(simulator.account().total).toMatchObject({ available: 30, sent: 30 })
  })

  test("notices that its client went away and lets the app id go", async () => {
    const { client, simulator } = overSockets()
    const [feed] = await client.feeds()
    const aborting = new AbortController()
    const response = await client.open(feed!, "", { signal: aborting.signal })
    const stream = new LineReader(response)
    await stream.readEvents(10)
    expect(simulator.state.streams_open).toBe(1)
    aborting.abort()
    while (simulator.state.streams_open > 0) await Bun.sleep(5)
    expect(await client.feeds()).toHaveLength(1)
  })

  test("holds back when its client stops reading, and goes on when it reads again", async () => {
    const { client, simulator, tape } = overSockets({ events_per_partition: 200_000 })
    const [feed] = await client.feeds()
    const url = new URL(feed!.dataFeedURL)
    const socket = connect(Number(url.port), url.hostname)
    const head = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: x\r\nAuthorization: Token ${feed!.sessionToken.token}`
    let received = 0
    socket.once("data", () => socket.pause())
    socket.on("data", (bytes) => {
      received += bytes.length
    })
    socket.write(`${head}\r\n\r\n`)
    await Bun.sleep(3000)
    const { sent } = simulator.account().total
    let bytes = 0
    for (let index = 0; index < sent; index++) bytes += tape.bytes(index).length
    expect(bytes).toBeLessThan(16 * 1024 * 1024)
    socket.resume()
    while (received < 50e6) await Bun.sleep(10)
    socket.destroy()
  }, 20_000)

  test("holds back for a fetch client that stops reading, too", async () => {
    const { client, simulator } = overSockets({ events_per_partition: 200_000 })
    const [feed] = await client.feeds()
    const reader = (await client.open(feed!)).body!.getReader()
    await reader.read()
    await Bun.sleep(1000)
    expect(simulator.account().total.sent).toBeLessThan(8_000)
    await reader.cancel()
  })
})

describe("where a stream begins", () => {
  test("without an offset: at the oldest event that is kept", async () => {
    const { client, tape } = inProcess({ retention: 400 })
    const stream = await client.stream()
    await stream.readEvents(600)
    expect(stream.offsets[0]).toBe(tape.offset(400))
    expect((await client.control("GET", "account").then((r) => r.json())).total.available).toBe(600)
  })

  test("inclusive: at the event of the offset, or the next one if the offset lies in a gap", async () => {
    const { client, tape } = inProcess()
    const stream = await client.stream(`&offset=${tape.offset(990)}`)
    await stream.readEvents(10)
    expect(stream.offsets).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999].map((k) => tape.offset(k)))
    const gap = await client.stream(`&offset=${tape.offset(990) + 1}`, "gap")
    await gap.readEvents(9)
    expect(gap.offsets[0]).toBe(tape.offset(991))
  })

  test("exclusive: after the event of the offset", async () => {
    const { client, tape } = inProcess({ resume: "exclusive" })
    const stream = await client.stream(`&offset=${tape.offset(990)}`)
    await stream.readEvents(9)
    expect(stream.offsets[0]).toBe(tape.offset(991))
    const all = await client.stream("&offset=0", "all")
    await all.readEvents(1000)
    expect(all.offsets[0]).toBe(tape.offset(0))
  })

  test("an offset that is no longer kept: at the oldest event that is", async () => {
    const { client, tape } = inProcess({ retention: 400 })
    const stream = await client.stream(`&offset=${tape.offset(3)}`)
    await stream.readEvents(600)
    expect(stream.offsets[0]).toBe(tape.offset(400))
  })

  test("whence=2: with the events to come", async () => {
    const { client, clock, tape } = inProcess({ events_per_second: 1 })
    const stream = await client.stream("&whence=2")
    const reading = stream.readEvents(2)
    await clock.advance(2000)
    await reading
    expect(stream.offsets).toEqual([tape.offset(1000), tape.offset(1001)])
  })

  test("a bad offset, or whence beside an offset, is refused", async () => {
    const { client } = inProcess()
    const [feed] = await client.feeds()
    expect((await client.open(feed!, "&offset=abc")).status).toBe(400)
    expect((await client.open(feed!, "&offset=-1")).status).toBe(400)
    expect((await client.open(feed!, "&offset=1&whence=2")).status).toBe(400)
  })
})

describe("a stream", () => {
  test("sends only the event types that were asked for", async () => {
    const { client, tape } = inProcess()
    const wanted = [tape.type(0), tape.type(1), tape.type(2)]
    const stream = await client.stream(`&eventType=${wanted.join(",")}`)
    const indices = Array.from({ length: 1000 }, (_, index) => index).filter((k) => wanted.includes(tape.type(k)))
    await stream.readEvents(indices.length)
    expect(stream.offsets).toEqual(indices.map((index) => tape.offset(index)))
  })

  test("sends an empty line whenever it was silent for keepalive_ms", async () => {
    const { client, clock } = inProcess({ events_per_partition: 3, keepalive_ms: 5000 })
    const stream = await client.stream()
    const reading = stream.readAll()
    await clock.advance(20_000)
    expect(stream.lines.filter((line) => line === "")).toHaveLength(5)
    expect(stream.events).toHaveLength(3)
    await stream.cancel()
    await reading
  })

  test("wants its own token, not a bearer", async () => {
    const { client } = inProcess()
    const [feed] = await client.feeds()
    const { authorization } = await client.bearer()
    expect((await client.open(feed!, "", { headers: { authorization } })).status).toBe(401)
    expect((await client.open(feed!, "", { headers: {} })).status).toBe(401)
    const elsewhere = { ...feed!, dataFeedURL: feed!.dataFeedURL.replace("v1/0", "v1/9") }
    expect((await client.open(elsewhere)).status).toBe(404)
  })

  test("has one consumer at a time, and can be opened again after it", async () => {
    const { client } = inProcess()
    const [feed] = await client.feeds()
    const first = new LineReader(await client.open(feed!))
    expect((await client.open(feed!)).status).toBe(409)
    await first.cancel()
    expect((await client.open(feed!)).status).toBe(200)
  })

  test("is ended by the signal of its request", async () => {
    const { client, simulator } = inProcess()
    const [feed] = await client.feeds()
    const aborting = new AbortController()
    const headers = { authorization: `Token ${feed!.sessionToken.token}` }
    const stream = new LineReader(await client.open(feed!, "", { headers, signal: aborting.signal }))
    await stream.readEvents(1000)
    aborting.abort()
    await stream.readAll()
    await settled()
    expect(stream.error).toBeDefined()
    expect(simulator.state.streams_open).toBe(0)
  })

  test("carries poisoned events among the others", async () => {
    const kinds = ["malformed", "truncated", "not_object", "oversize_chars", "oversize_line", "invalid_utf8"] as const
    const poison = kinds.map((kind, position) => ({ partition: 0, index: 10 * position, kind }))
    const { client, tape } = inProcess({ events_per_partition: 100, poison })
    const stream = await client.stream()
    const events = await stream.readEvents(100)
    for (const [index, event] of events.entries()) {
      if (event !== decoder.decode(tape.bytes(index))) throw new Error(`event ${index} differs`)
    }
    expect(events[40]!.length).toBeGreaterThan(8 * 1024 * 1024)
  })
})
