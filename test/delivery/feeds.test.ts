/** Feeds that are not what they seem, and sessions that end one after the other. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { type Between, makeWorld, type World } from "../support/world.ts"

const minutes = 60_000

const event = (offset: number | string) => JSON.stringify({ metadata: { offset, eventType: "T" }, event: { offset } })

/** Answers every opening of a feed: with a body that ends, or stays open. Tells the queries that came. */
const feeding = (answer: (opening: number) => string, stays_open = false) => {
  const opened: string[] = []
  const between: Between = (request, simulator) => {
    const url = new URL(request.url)
    if (!url.pathname.includes("/datafeed/v1/")) return simulator(request)
    opened.push(url.searchParams.get("offset") ?? "")
    const text = answer(opened.length)
    if (!stays_open) return Promise.resolve(new Response(text))
    const start = (body: ReadableStreamDefaultController<Uint8Array>) => body.enqueue(new TextEncoder().encode(text))
    return Promise.resolve(new Response(new ReadableStream({ start })))
  }
  return { opened, between }
}

/** What the intake got, in order, besides the answer that it gives. */
const watched = (between: Between) => {
  const taken: string[] = []
  const watching: Between = async (request, simulator) => {
    if (!request.url.endsWith("/batch")) return between(request, simulator)
    const { jsons } = (await request.json()) as { readonly jsons: readonly string[] }
    taken.push(...jsons)
    return Response.json({ event_ids: jsons.map((_, i) => `id-${i}`) })
  }
  return { taken, watching }
}

const streams = (world: World) => Effect.map(world.health, ({ plugins }) => plugins["event-stream"]!)
const letters = ({ disk }: World): string[] =>
  (disk.read("data/dead-letters/2026-01-15.ndjson") ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { readonly raw: string }).raw)
const stored = ({ disk }: World): unknown[] => Object.values(JSON.parse(disk.read("data/cache.json") ?? "{}"))

const page = "<!DOCTYPE html>\n<html>\n<h1>Access denied by your proxy\u001b[31m</h1>\n</html>\n"
const refusal = JSON.stringify({ meta: {}, errors: [{ code: 403, message: "stream session is no longer valid" }] })

describe("a feed that answers 200 with", () => {
  test.each([
    ["a page", page, 'a page (HTML) in place of events; it begins with "<!DOCTYPE html>'],
    ["a page of one line without an end", "<html>Access denied</html>", "a page (HTML) in place of events"],
    ["an error object", `${refusal}\n`, "an error in place of events: 403 stream session is no longer valid"],
    [
      "an error object without a line end",
      refusal,
      "an error in place of events: 403 stream session is no longer valid",
    ],
    ["a sentence", "upstream connect error\n", 'not with events; it begins with "upstream connect error"'],
    ["an object of somebody else", '{"message":"Forbidden"}\n', "not with events; it begins with"],
  ])("%s is told in health; nothing of it is delivered or recorded, and it is asked with backoff", (_, body, told) =>
    onTestClock(
      Effect.gen(function* () {
        const { opened, between } = feeding(() => body)
        const { taken, watching } = watched(between)
        const world = yield* makeWorld({ events_per_partition: 1 }, {}, watching)
        yield* world.start
        yield* world.pass(20_000)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("failed")
        expect(detail).toContain(told)
        expect(detail).not.toContain("\u001b")
        expect(taken).toEqual([])
        expect(letters(world)).toEqual([])
        // Without backoff it would be thousands.
        expect(opened.length).toBeLessThan(20)
      }),
    ),
  )

  test("a page for a while is a feed again afterwards, and health says ok", () =>
    onTestClock(
      Effect.gen(function* () {
        let is_page = true
        const between: Between = (request, simulator) =>
          is_page && request.url.includes("/datafeed/v1/") ? Promise.resolve(new Response(page)) : simulator(request)
        const world = yield* makeWorld({ events_per_partition: 30 }, {}, between)
        yield* world.start
        yield* world.pass(3_000)
        is_page = false
        yield* world.pass(3 * minutes)
        expect(world.simulator.account().total).toMatchObject({ delivered: 30, undelivered: { events: 0 } })
        expect((yield* streams(world)).status).toBe("ok")
      }),
    ))
})

describe("a strange line", () => {
  test("between good events is recorded once, over any number of connections, and delays nothing", () =>
    onTestClock(
      Effect.gen(function* () {
        const { opened, between } = feeding((opening) =>
          opening === 1
            ? `${event(1)}\nstrange\n`
            : `${event(1)}\nstrange\n<b>strange</b>\n${refusal}\n${opening < 4 ? "" : `${event(2)}\n`}`,
        )
        const { taken, watching } = watched(between)
        const world = yield* makeWorld({ events_per_partition: 1 }, {}, watching)
        yield* world.start
        yield* world.pass(2 * minutes)
        expect(opened.length).toBeGreaterThan(5)
        expect(letters(world)).toEqual(["strange", "<b>strange</b>", refusal])
        expect(taken).toEqual([event(1), event(2)])
      }),
    ))

  test("that a connection begins with is recorded while nothing else comes, as long as the feed stays open", () =>
    onTestClock(
      Effect.gen(function* () {
        const { between } = feeding(() => '{"metadata":{"offset":4\n', true)
        const world = yield* makeWorld({ events_per_partition: 1 }, {}, watched(between).watching)
        yield* world.start
        yield* world.pass(minutes)
        expect(letters(world)).toEqual(['{"metadata":{"offset":4'])
      }),
    ))
})

test("a whole event at the end of a body without a line end is delivered once, and the offset moves; half of one is not", () =>
  onTestClock(
    Effect.gen(function* () {
      const { opened, between } = feeding((opening) => (opening === 1 ? event(7) : event(8).slice(0, -1)))
      const { taken, watching } = watched(between)
      const world = yield* makeWorld({ events_per_partition: 1 }, {}, watching)
      yield* world.start
      yield* world.pass(20_000)
      expect(taken).toEqual([event(7)])
      expect(opened.slice(0, 3)).toEqual(["", "7", "7"])
      expect(stored(world)).toEqual([7])
      expect(letters(world)).toEqual([])
    }),
  ))

describe("offsets", () => {
  test("that begin anew are told at once, with the remedy", () =>
    onTestClock(
      Effect.gen(function* () {
        let anew = false
        const { between } = feeding(
          () => (anew ? [1, 2, 3] : [5_000, 5_001]).map((i) => `${event(i)}\n`).join(""),
          true,
        )
        const { taken, watching } = watched(between)
        const world = yield* makeWorld({ events_per_partition: 1 }, {}, watching)
        yield* world.start
        yield* world.pass(5_000)
        expect((yield* streams(world)).status).toBe("ok")
        anew = true
        yield* world.pass(3 * minutes)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain("opened at offset 5001, the feed began at 1")
        expect(detail).toContain("cache.json")
        expect(taken.slice(0, 2)).toEqual([event(5_000), event(5_001)])
        expect(stored(world)).toEqual([5_001])
      }),
    ))

  test("written as text move like numbers", () =>
    onTestClock(
      Effect.gen(function* () {
        const { opened, between } = feeding(() => `${event("7")}\n${event("8")}\n`)
        const { taken, watching } = watched(between)
        const world = yield* makeWorld({ events_per_partition: 1 }, {}, watching)
        yield* world.start
        yield* world.pass(10_000)
        expect(taken).toEqual([event("7"), event("8")])
        expect(opened[1]).toBe("8")
        expect(stored(world)).toEqual([8])
      }),
    ))

  test("that cannot be used are told, and the events are delivered", () =>
    onTestClock(
      Effect.gen(function* () {
        const { between } = feeding(() => `${event(-7)}\n${event("x")}\n`, true)
        const { taken, watching } = watched(between)
        const world = yield* makeWorld({ events_per_partition: 1 }, {}, watching)
        yield* world.start
        yield* world.pass(5_000)
        expect(taken).toEqual([event(-7), event("x")])
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain("2 events in a row without a metadata.offset that can be used")
      }),
    ))
})

describe("app ids", () => {
  test.each(["stream", "session"] as const)(
    "of six partitions whose sessions end one after the other never run out (held by a %s)",
    (lock) =>
      onTestClock(
        Effect.gen(function* () {
          const world = yield* makeWorld({
            partitions: 6,
            events_per_partition: 5,
            events_per_second: 0.1,
            events_max: 60,
            session_interval_s: 60,
            session_life_s: 1e6,
            rate_limits: false,
            lock,
          })
          yield* world.start
          yield* world.pass(5_000)
          // More than half an interval apart: what a listing brought for the others is no longer used then.
          for (let i = 0; i < 6; i++) {
            world.simulator.endSessions(i % 6)
            yield* world.pass(40_000, 2_000)
          }
          yield* world.pass(10 * minutes, 5_000)
          expect(world.simulator.account().total).toMatchObject({ undelivered: { events: 0 }, repeated: 0 })
          expect((yield* streams(world)).status).toBe("ok")
        }),
      ),
  )

  test("that somebody else reads under are told after a while: two workers deliver everything twice", () =>
    onTestClock(
      Effect.gen(function* () {
        const between: Between = (request, simulator) =>
          request.url.includes("appId=sharedb") && request.url.includes("/datafeed/v2")
            ? Promise.resolve(Response.json({ meta: {}, resources: [], errors: [] }))
            : simulator(request)
        const quiet = { events_per_partition: 5, session_life_s: 1e6, rate_limits: false }
        const world = yield* makeWorld(quiet, {}, between)
        yield* world.startWith("plugins: { event-stream: { app_id: shared } }")
        yield* world.pass(40 * minutes, 10_000)
        expect((yield* streams(world)).status).toBe("ok")
        yield* world.pass(40 * minutes, 10_000)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain("app id sharedb has been held for")
        expect(detail).toContain("another worker reads these streams with the same app id")
      }),
    ))

  test("under which another worker takes the sessions away are told", () =>
    onTestClock(
      Effect.gen(function* () {
        const between: Between = (request, simulator) =>
          request.url.includes("/datafeed/v1/")
            ? Promise.resolve(new Response("", { status: 401 }))
            : simulator(request)
        const world = yield* makeWorld({ events_per_partition: 5, rate_limits: false }, {}, between)
        yield* world.start
        yield* world.pass(2 * minutes, 500)
        expect((yield* streams(world)).detail).toContain("another worker may read with the same app id")
      }),
    ))
})
