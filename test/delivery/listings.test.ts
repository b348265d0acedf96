/** Listings and refreshes that are not what they seem. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onTestClock } from "../support/effect.ts"
import { type Between, makeWorld, type World } from "../support/world.ts"

const minutes = 60_000

type Entry = Record<string, unknown>

/** Changes the entries of every listing, in the order of their partitions; `errors` stand beside them. */
const listing =
  (change: (entries: Entry[]) => unknown[], errors: unknown[] = []): Between =>
  async (request, simulator) => {
    const answer = await simulator(request)
    if (!new URL(request.url).pathname.endsWith("/datafeed/v2")) return answer
    const body = (await answer.json()) as { resources: Entry[] }
    const sorted = body.resources.toSorted((a, b) => (String(a.dataFeedURL) < String(b.dataFeedURL) ? -1 : 1))
    return Response.json({ ...body, resources: sorted.length > 0 ? change(sorted) : [], errors })
  }

/** Counts the requests to a route. */
const counting = (path: string, between: Between = (request, simulator) => simulator(request)) => {
  const seen = { count: 0 }
  const counted: Between = (request, simulator) => {
    if (request.url.includes(path)) seen.count++
    return between(request, simulator)
  }
  return { seen, counted }
}

const streams = (world: World) => Effect.map(world.health, ({ plugins }) => plugins["event-stream"]!)

describe("a listing with one bad entry among good ones", () => {
  const changes: readonly (readonly [what: string, change: (entry: Entry) => unknown, told: string])[] = [
    [
      "no token",
      (entry) => ({ ...entry, sessionToken: {} }),
      "partition 1 cannot be read: sessionToken.token is missing",
    ],
    [
      "no refresh URL",
      ({ refreshActiveSessionURL, ...entry }) => entry,
      "partition 1 cannot be read: refreshActiveSessionURL is missing",
    ],
    [
      "no feed URL",
      ({ dataFeedURL, ...entry }) => entry,
      "number 2 of the list cannot be read: dataFeedURL is missing",
    ],
    ["null in its place", () => null, "number 2 of the list cannot be read: dataFeedURL is missing"],
    [
      "a foreign host",
      (entry) => ({ ...entry, dataFeedURL: "http://elsewhere.example/v1/1" }),
      "partition 1 cannot be read: dataFeedURL points elsewhere",
    ],
    [
      "a URL of a megabyte",
      (entry) => ({ ...entry, dataFeedURL: `http://falcon.test/${"x".repeat(1_000_000)}?appId=a` }),
      "dataFeedURL has 10000",
    ],
    [
      "a line end in its token",
      (entry) => ({ ...entry, sessionToken: { token: "a\r\nx-injected: b" } }),
      "partition 1 cannot be read: sessionToken.token is no token",
    ],
  ]
  test.each(changes)("(%s) reads the good ones and names partition and field in health", (_, change, told) =>
    onTestClock(
      Effect.gen(function* () {
        const between = listing(([first, second]) => [first, change(second!)])
        const world = yield* makeWorld({ partitions: 2, events_per_partition: 30 }, {}, between)
        yield* world.start
        yield* world.pass(5_000)
        expect(world.simulator.account().total.delivered).toBe(30)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain(told)
        expect(detail.length).toBeLessThan(1_000)
      }),
    ),
  )

  test("tells all of them when none is good, and reads again when they are", () =>
    onTestClock(
      Effect.gen(function* () {
        let is_bad = true
        const between = listing((entries) =>
          is_bad ? entries.map((entry) => ({ ...entry, sessionToken: null })) : entries,
        )
        const world = yield* makeWorld({ partitions: 2, events_per_partition: 30 }, {}, between)
        yield* world.start
        yield* world.pass(5_000)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain("partition 1 cannot be read: sessionToken.token is missing")
        is_bad = false
        yield* world.pass(40 * minutes, 1_000)
        expect(world.simulator.account().total).toMatchObject({ delivered: 60, undelivered: { events: 0 } })
        expect((yield* streams(world)).status).toBe("ok")
      }),
    ))

  test("reads every partition once that is listed twice", () =>
    onTestClock(
      Effect.gen(function* () {
        const between = listing(([first, second]) => [first, second, first])
        const world = yield* makeWorld({ partitions: 2, events_per_partition: 30 }, {}, between)
        yield* world.start
        yield* world.pass(5_000)
        expect(world.simulator.account().total).toMatchObject({ delivered: 60, repeated: 0 })
        expect((yield* streams(world)).detail).toContain("partition 0 is listed twice")
      }),
    ))

  test("says so when an error stands beside the streams, and reads them", () =>
    onTestClock(
      Effect.gen(function* () {
        const between = listing((entries) => entries, [{ code: 500, message: "partition 3 could not be listed" }])
        const world = yield* makeWorld({ partitions: 2, events_per_partition: 30 }, {}, between)
        yield* world.start
        yield* world.pass(5_000)
        expect(world.simulator.account().total.delivered).toBe(60)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain("partition 3 could not be listed")
      }),
    ))
})

describe("a refresh interval", () => {
  test("that makes no sense is replaced by a safe one: the sessions live, and health names partition and field", () =>
    onTestClock(
      Effect.gen(function* () {
        const strange = [0, null, "soon", -5, undefined, {}, ""]
        const between = listing((entries) =>
          entries.map((entry, i) => ({ ...entry, refreshActiveSessionInterval: strange[i] })),
        )
        const quiet = { partitions: 7, events_per_partition: 5, session_life_s: 1e6, rate_limits: false }
        const { seen, counted } = counting("/datafeed/v1/", between)
        const world = yield* makeWorld(quiet, {}, counted)
        yield* world.start
        yield* world.pass(40 * minutes, 10_000)
        expect(world.simulator.account().total.delivered).toBe(35)
        expect(seen.count).toBe(7)
        const { status, detail } = yield* streams(world)
        expect(status).toBe("degraded")
        expect(detail).toContain("partition 1: refreshActiveSessionInterval is null; 600 s is used")
        expect(detail).toContain("and 2 more")
      }),
    ))

  test.each([
    [0.001, 40],
    [1e12, 3],
  ])("of %p s is clamped: it costs no budget, and the session lives", (refreshActiveSessionInterval, most_a_minute) =>
    onTestClock(
      Effect.gen(function* () {
        const between = listing(([first]) => [{ ...first, refreshActiveSessionInterval }])
        const { seen, counted } = counting("/datafeed-actions/", between)
        const world = yield* makeWorld(
          { events_per_partition: 5, session_life_s: 1e6, rate_limits: false },
          {},
          counted,
        )
        yield* world.start
        yield* world.pass(10 * minutes, 500)
        expect(seen.count).toBeLessThanOrEqual(most_a_minute * 10)
        expect((yield* streams(world)).detail).toContain("refreshActiveSessionInterval is")
      }),
    ),
  )
})

describe("a refresh that is answered with 200 and errors", () => {
  const refusing =
    (code: number, until: () => boolean): Between =>
    (request, simulator) =>
      request.url.includes("/datafeed-actions/") && until()
        ? Promise.resolve(Response.json({ meta: {}, errors: [{ code, message: "no such session" }], resources: [] }))
        : simulator(request)

  test("is tried again before the session ends", () =>
    onTestClock(
      Effect.gen(function* () {
        let left = 3
        const { seen, counted } = counting(
          "/datafeed/v1/",
          refusing(500, () => left-- > 0),
        )
        const world = yield* makeWorld(
          { events_per_partition: 5, session_life_s: 1e6, rate_limits: false },
          {},
          counted,
        )
        yield* world.start
        yield* world.pass(50 * minutes, 1_000)
        expect(left).toBeLessThan(0)
        expect(seen.count).toBe(1)
        expect(world.simulator.account().violations).toEqual([])
      }),
    ))

  test("and code 404 is a session that is gone: the streams are listed again", () =>
    onTestClock(
      Effect.gen(function* () {
        const { seen, counted } = counting(
          "/datafeed/v1/",
          refusing(404, () => true),
        )
        const world = yield* makeWorld(
          { events_per_partition: 5, session_life_s: 1e6, rate_limits: false },
          {},
          counted,
        )
        yield* world.start
        yield* world.pass(26 * minutes, 1_000)
        expect(seen.count).toBe(2)
      }),
    ))
})
