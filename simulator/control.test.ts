import { afterEach, expect, test } from "bun:test"
import { type Listening, type ListenOptions, listen } from "./listen.ts"
import { LineReader, SdkClient } from "./testing.ts"

let listening: Listening | undefined

afterEach(async () => {
  await listening?.stop()
  listening = undefined
})

function setUp(options: ListenOptions = {}) {
  listening = listen({ templates: 20, ...options })
  return {
    simulator: listening.simulator,
    client: new SdkClient(listening.url),
    tape: listening.simulator.tapes.get(0)!,
  }
}

test("an account adds up: what is there, what was sent, what arrived", async () => {
  const { client, simulator } = setUp({ partitions: 2, events_per_partition: 500 })
  for (const feed of await client.feeds()) {
    const stream = new LineReader(await client.open(feed))
    const events = await stream.readEvents(500)
    expect((await client.push(events)).status).toBe(200)
    await stream.cancel()
  }
  const account = await (await client.control("GET", "account")).json()
  expect(account).toEqual(simulator.account())
  const all = { available: 500, sent: 500, delivered: 500, repeated: 0, corrupted: 0, out_of_order: 0 }
  const rest = { undelivered: { events: 0, offsets: [] }, poison: { expected: 0, delivered: 0 } }
  expect(account.partitions).toEqual({ 0: { ...all, ...rest }, 1: { ...all, ...rest } })
  expect(account.total).toMatchObject({ available: 1000, sent: 1000, delivered: 1000 })
})

test("what the intake does not have is listed by its offsets", async () => {
  const { client, tape } = setUp({ events_per_partition: 50, poison: [{ partition: 0, index: 7, kind: "malformed" }] })
  const stream = await client.stream()
  await client.push((await stream.readEvents(40)).slice(0, 40).filter((_, index) => index !== 3 && index !== 7))
  await stream.cancel()
  const missing = [3, ...Array.from({ length: 10 }, (_, i) => 40 + i)]
  const listed = await (await client.control("GET", "undelivered")).json()
  expect(listed).toEqual({ 0: missing.map((index) => tape.offset(index)) })
})

test("a reset forgets everything and starts again with the same faults", async () => {
  const { client, simulator } = setUp({ faults: [{ on: "list", do: "empty" }] })
  expect(await client.feeds()).toEqual([])
  const stream = await client.stream()
  await stream.readEvents(10)
  expect((await client.control("POST", "reset")).status).toBe(200)
  await stream.readAll()
  expect(simulator.account().total.sent).toBe(0)
  const fresh = new SdkClient(client.url)
  expect(await fresh.feeds()).toEqual([])
  expect(await fresh.feeds()).toHaveLength(1)
})

test("events that are ended stay as they are, and no new one comes", async () => {
  const { client, simulator } = setUp({ events_per_partition: 10, events_per_second: 1_000 })
  const ended = await (await client.control("POST", "events/end")).json()
  expect(ended.events).toBeGreaterThanOrEqual(10)
  await Bun.sleep(20)
  expect(simulator.account().total.available).toBe(ended.events)
})

test("the state is plain data", async () => {
  const { client, simulator } = setUp()
  await client.feeds()
  const state = await (await client.control("GET", "state")).json()
  expect(state.partitions).toEqual([{ partition: 0, events: 1000 }])
  expect(Object.keys(state.sessions)).toEqual(["app/0"])
  expect(state.requests).toEqual(structuredClone(simulator.state.requests))
})

test("a partition that went and came back goes on where it stopped", async () => {
  const { client, tape } = setUp({ events_per_partition: 10 })
  await client.control("POST", "partitions", { remove: 0 })
  expect(await client.feeds()).toEqual([])
  await client.control("POST", "partitions", { add: 0 })
  const stream = await client.stream(`&offset=${tape.offset(9)}`)
  await stream.readEvents(1)
  expect(stream.offsets).toEqual([tape.offset(9)])
  expect((await client.control("POST", "partitions", { add: "x" })).status).toBe(400)
})

test("a paused socket refuses connections until it is resumed", async () => {
  const { client, simulator } = setUp()
  const stream = await client.stream()
  await stream.readEvents(1000)
  await listening!.pause()
  await stream.readAll()
  await expect(client.control("GET", "state")).rejects.toThrow()
  expect(simulator.state.streams_open).toBe(0)
  listening!.resume()
  expect((await client.control("GET", "state")).status).toBe(200)
  expect(await client.feeds()).toHaveLength(1)
})

test("the same seed and start give the same bytes in another run", async () => {
  const read = async () => {
    const { client } = setUp({ seed: 9, start_ms: 1_700_000_000_000 })
    const events = await (await client.stream()).readEvents(1000)
    await listening!.stop()
    return events
  }
  expect(await read()).toEqual(await read())
})
