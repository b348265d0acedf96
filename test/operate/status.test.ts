/** `GET /status`: what an operator sees of a process that works, and of one that does not. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { status_report } from "../../src/api/status/schema.ts"
import { statusLines } from "../../src/cli/operate/screen.ts"
import { status as limits, tap } from "../../src/core/limits/operator.ts"
import { onTestClock } from "../support/effect.ts"
import { startRunning } from "./running.ts"

const parsed = (body: unknown) => status_report.parse(body)

describe("the status", () => {
  test("tells of each partition how fast it is, how far, how far behind, and in which state", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask, world } = yield* startRunning({ partitions: 2, events_per_second: 10, events_per_partition: 0 })
        yield* world.pass(15_000)
        const [tenant] = parsed((yield* ask("/status", "reader")).body).tenants
        expect(tenant!.partitions.map(({ partition, state, status }) => [partition, state, status])).toEqual([
          ["0", "flowing", "ok"],
          ["1", "flowing", "ok"],
        ])
        const [first] = tenant!.partitions
        expect(first!.events_per_s).toBeGreaterThan(8)
        expect(first!.events_per_s).toBeLessThan(12)
        expect(first!.events_out).toBeGreaterThan(100)
        expect(first!.committed_offset).toBeGreaterThan(0)
        expect(first!.read_offset).toBeGreaterThanOrEqual(first!.committed_offset!)
        expect(first!.lag_s).toBeLessThan(5)
        expect(tenant!.events_per_s).toBeCloseTo(
          tenant!.partitions[0]!.events_per_s + tenant!.partitions[1]!.events_per_s,
        )
        expect(tenant!.destination).toMatchObject({ name: "intake", failed: {} })
        expect(tenant!.destination!.p50_ms).not.toBeNull()
        expect(tenant!.budget!.remaining).toBeLessThanOrEqual(tenant!.budget!.limit)
      }),
    ))

  test("of an outage of the intake names the partitions that are blocked, why, and a lag that grows; afterwards the last error stays", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask, world } = yield* startRunning({
          partitions: 1,
          events_per_second: 5,
          faults: [{ on: "intake", after_ms: 10_000, until_ms: 60_000, do: { status: 503 } }],
        })
        yield* world.pass(50_000, 500)
        const during = parsed((yield* ask("/status", "reader")).body).tenants[0]!
        expect(during.partitions[0]).toMatchObject({ state: "blocked", status: "degraded", events_per_s: 0 })
        expect(during.partitions[0]!.detail).toContain("intake blocked")
        expect(during.partitions[0]!.lag_s).toBeGreaterThan(30)
        expect(Object.values(during.destination!.failed)[0]).toBeGreaterThan(1)
        // The last wait of the outage may take a minute.
        yield* world.pass(80_000, 500)
        const after = parsed((yield* ask("/status", "reader")).body).tenants[0]!
        expect(after.partitions[0]).toMatchObject({ state: "flowing", status: "ok" })
        expect(after.partitions[0]!.lag_s).toBeLessThan(5)
        expect(after.partitions[0]!.last_error!.detail).toContain("intake blocked")
      }),
    ))

  test("is as bad as what belongs to no tenant, and says why: it agrees with health", () =>
    onTestClock(
      Effect.gen(function* () {
        const since = "2026-11-01T10:00:00.000Z"
        const children = { status: "degraded", since, detail: "children: not started: globex" } as const
        const { ask } = yield* startRunning(
          { partitions: 1 },
          "",
          "all",
          Effect.succeed({ "flight-control": children }),
        )
        const report = parsed((yield* ask("/status", "reader")).body)
        expect((yield* ask("/health")).body.status).toBe("degraded")
        expect(report).toMatchObject({ status: "degraded", shared: [{ id: "flight-control", ...children }] })
        const lines = statusLines(report, { columns: 80, colour: false, long: false })
        expect(lines).toContain("▲ flight-control: children: not started: globex")
        const { text } = yield* ask("/metrics", "reader")
        expect(text).toContain('akonis_plugin_status{plugin="flight-control",status="degraded"} 1')
      }),
    ))

  test("shows on a terminal of 80 columns every number and the whole reason of an outage", () =>
    onTestClock(
      Effect.gen(function* () {
        const body = `{"errors":[{"code":503,"message":"${"maintenance until further notice, ".repeat(3)}sorry"}]}`
        const faults = [{ on: "intake" as const, after_ms: 10_000, until_ms: 60_000, do: { status: 503, body } }]
        const { ask, world } = yield* startRunning({ partitions: 1, events_per_second: 5, faults })
        yield* world.pass(30_000, 500)
        const report = parsed((yield* ask("/status", "reader")).body)
        const [tenant] = report.tenants
        const old = {
          ...tenant!.partitions[0]!,
          lag_s: 12 * 3_600 + 40 * 60,
          read_offset: 1234567890123,
          dead_letters: 4321,
        }
        const shown = { ...report, tenants: [{ ...tenant!, partitions: [old] }] }
        const lines = statusLines(shown, { columns: 80, colour: false, long: true })
        expect(lines.find((line) => line.startsWith("0 "))).toMatch(/ 12 h 40 min 1234567890123 +\d+ +4321$/)
        expect(lines.filter((line) => [...line].length > 80)).toEqual([])
        expect(lines.find((line) => line.startsWith("PARTITION"))).toEndWith(" COMMITTED  DEAD")
        const said = lines.map((line) => line.trim()).join(" ")
        expect(said).toContain(report.tenants[0]!.plugins.find(({ id }) => id === "event-stream")!.detail)
        expect(said).toMatch(/ posts\/s, half within .*; failed: \d+ × unavailable /)
      }),
    ))

  test("counts dead letters by reason and shows the newest, without what Falcon sent", () =>
    onTestClock(
      Effect.gen(function* () {
        const poison = [{ partition: 0, index: 3, kind: "malformed" as const }]
        const { ask, world } = yield* startRunning({ partitions: 1, events_per_partition: 10, poison })
        yield* world.pass(6_000)
        const answer = yield* ask("/status", "reader")
        const { dead_letters } = parsed(answer.body).tenants[0]!
        expect(dead_letters).toMatchObject({ pending: 1, replayed: 0, by_reason: { not_a_json_object: 1 } })
        expect(dead_letters.newest).toHaveLength(1)
        expect(answer.text).not.toContain('"raw"')
      }),
    ))

  test("is for readers, and there for a worker without actions, too", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask, request } = yield* startRunning({ partitions: 1, events_per_partition: 1 }, "", "health")
        expect((yield* ask("/status")).status).toBe(401)
        expect((yield* ask("/status", "reader")).status).toBe(200)
        // Its body would have no end.
        const refused = yield* request("/tap", "reader")
        yield* Effect.promise(async () => refused.body?.cancel())
        expect(refused.status).toBe(403)
      }),
    ))
})

describe("a tap", () => {
  const lines = Effect.fnUntraced(function* (
    reader: ReadableStreamDefaultReader<Uint8Array>,
    pass: Effect.Effect<void>,
  ) {
    let text = ""
    let is_over = false
    const reading = (async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done || is_over) return
        text += Buffer.from(value).toString()
      }
    })()
    yield* pass
    is_over = true
    yield* Effect.promise(() => reader.cancel().then(() => reading))
    return text.split("\n").filter((line) => line !== "")
  })

  test("gives a sample of the events as Falcon sent them, at the rate that was asked for", () =>
    onTestClock(
      Effect.gen(function* () {
        const { request, world } = yield* startRunning({ partitions: 1, events_per_second: 50 })
        const answer = yield* request("/tap?rate=2", "responder")
        expect(answer.status).toBe(200)
        const got = yield* lines(answer.body!.getReader(), world.pass(10_000))
        expect(got.length).toBeGreaterThanOrEqual(18)
        expect(got.length).toBeLessThanOrEqual(22)
        const delivered = yield* Effect.promise(async () =>
          JSON.stringify(await (await world.simulator.fetch(new Request("http://falcon.test/_sim/account"))).json()),
        )
        expect(delivered).toContain('"corrupted":0')
        for (const line of got) expect(JSON.parse(line).metadata.offset).toBeGreaterThan(0)
      }),
    ))

  test("of one type shows no other; redacted it shows keys and no values", () =>
    onTestClock(
      Effect.gen(function* () {
        const { request, world } = yield* startRunning({ partitions: 1, events_per_second: 50, templates: 64 })
        const some = yield* request("/tap?rate=100&redact=true", "responder")
        const all = yield* lines(some.body!.getReader(), world.pass(5_000))
        const types = [...new Set(all.map((line) => JSON.parse(line).metadata.eventType as string))]
        expect(types.length).toBeGreaterThan(1)
        for (const line of all) {
          const { event, metadata } = JSON.parse(line)
          expect(Object.keys(event).length).toBeGreaterThan(0)
          const leaves = JSON.stringify(event).match(/:\s*("[^"]*"|[^"{[\s][^,}\]]*)/g) ?? []
          for (const leaf of leaves)
            expect(leaf).toMatch(/^:"<(text of \d+|number|true or false)>"$|^:(null|\[\]|\{\})/)
          expect(metadata.customerIDString).toMatch(/^<text of/)
        }
        const one = yield* request(`/tap?rate=100&type=${types[0]}`, "responder")
        const only = yield* lines(one.body!.getReader(), world.pass(5_000))
        expect([...new Set(only.map((line) => JSON.parse(line).metadata.eventType as string))]).toEqual([types[0]!])
      }),
    ))

  test("and a stream of the status are open for nobody who asks with HEAD, however often", () =>
    onTestClock(
      Effect.gen(function* () {
        const { head, request } = yield* startRunning({ partitions: 1, events_per_partition: 1 })
        for (const [path, places] of [
          ["/tap", tap.taps_max],
          ["/status/stream", limits.viewers_max],
        ] as const) {
          for (let asked = 0; asked <= places; asked++) {
            const answer = yield* head(path, "responder")
            expect([answer.status, answer.body]).toEqual([200, null])
          }
          const answer = yield* request(path, "responder")
          expect([path, answer.status]).toEqual([path, 200])
          yield* Effect.promise(async () => answer.body?.cancel())
        }
      }),
    ))

  test("refuses what it does not understand", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask } = yield* startRunning({ partitions: 1, events_per_partition: 1 })
        for (const query of ["rate=0", "rate=1000", "type=a%20b", "redact=yes", "redacted=true"]) {
          expect((yield* ask(`/tap?${query}`, "responder")).status).toBe(400)
        }
      }),
    ))
})

describe("dead letters over HTTP", () => {
  const with_poison = {
    partitions: 1,
    events_per_partition: 10,
    poison: [{ partition: 0, index: 3, kind: "malformed" as const }],
  }

  test("are shown to responders, replayed and purged by admins, and each attempt leaves an audit line", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask, world } = yield* startRunning(with_poison)
        yield* world.pass(6_000)
        const [letter] = parsed((yield* ask("/status", "reader")).body).tenants[0]!.dead_letters.newest
        expect((yield* ask(`/dead-letters/${letter!.id}`, "reader")).status).toBe(403)
        expect((yield* ask(`/dead-letters/${letter!.id}`, "responder")).body.raw.length).toBeGreaterThan(0)
        expect((yield* ask("/dead-letters/none", "responder")).status).toBe(404)
        expect((yield* ask("/admin/dead-letters/replay", "responder", { all: true })).status).toBe(403)
        expect((yield* ask("/admin/dead-letters/replay", "admin", {})).status).toBe(400)
        expect((yield* ask("/admin/dead-letters/replay", "admin", { all: true, tenant: "other" })).status).toBe(404)
        const replayed = yield* ask("/admin/dead-letters/replay", "admin", { ids: [letter!.id] })
        expect(replayed.body).toMatchObject({ delivered: 0, refused: 1, left: 0 })
        expect(replayed.body.errors[0].message).toBe("it is no JSON object")
        expect((yield* ask("/admin/dead-letters/purge", "admin", { which: "all" })).body).toEqual({
          removed: 0,
          kept: 1,
        })
        const lines = world.disk
          .read("data/audit.ndjson")!
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
        expect(lines.map(({ who, action, outcome }) => [who, action, outcome])).toEqual([
          ["responder-1", "dead-letters-replay", "refused"],
          ["admin-1", "dead-letters-replay", "failed"],
          ["admin-1", "dead-letters-purge", "success"],
        ])
        yield* world.pass(6_000)
        const shown = parsed((yield* ask("/status", "reader")).body).tenants[0]!
        expect(shown.audit[0]).toMatchObject({ who: "admin-1", action: "dead-letters-purge", outcome: "success" })
      }),
    ))

  test("that the intake takes now are delivered, count as replayed, and go with a purge", () =>
    onTestClock(
      Effect.gen(function* () {
        const { ask, world } = yield* startRunning(with_poison)
        yield* world.pass(2_000)
        const raw = '{"metadata":{"offset":7,"eventType":"AuthActivityAuditEvent"},"event":{"UserId":"kept"}}'
        const common = { at: "2026-01-14T10:00:00.000Z", reason: "refused_by_intake", detail: "", partition: "p/0" }
        const letter = { id: "a-1", ...common, offset: 7, bytes: raw.length, encoding: "utf8", raw }
        world.disk.write("data/dead-letters/2026-01-13.ndjson", `${JSON.stringify(letter)}\n`)
        yield* world.pass(6_000)
        expect((yield* ask("/admin/dead-letters/replay", "admin", { ids: ["a-1"] })).body).toMatchObject({
          delivered: 1,
        })
        expect((yield* ask("/admin/dead-letters/replay", "admin", { ids: ["a-1"] })).status).toBe(404)
        yield* world.pass(6_000)
        const { dead_letters } = parsed((yield* ask("/status", "reader")).body).tenants[0]!
        expect(dead_letters).toMatchObject({ pending: 1, replayed: 1 })
        const purged = yield* ask("/admin/dead-letters/purge", "admin", { which: "replayed" })
        expect(purged.body).toEqual({ removed: 1, kept: 1 })
      }),
    ))
})

describe("events that Sekoia's parser does nothing with", () => {
  test("are delivered, counted by type for all partitions together, and named in health", () =>
    onTestClock(
      Effect.gen(function* () {
        const rates = { partitions: 2, events_per_partition: 0, events_per_second: 20 }
        const { ask, world } = yield* startRunning(rates)
        const look = Effect.map(ask("/metrics", "reader"), ({ text }) => {
          const counted = [...text.matchAll(/^akonis_events_not_routed_total\{(.*)\} (\d+)$/gm)]
          return {
            delivered: world.simulator.account().total.delivered,
            labels: counted.map(([, labels]) => labels!),
            events: counted.reduce((sum, [, , count]) => sum + Number(count), 0),
          }
        })
        const before = yield* look
        yield* world.pass(20_000)
        const { delivered, labels, events } = yield* look
        expect(delivered - before.delivered).toBeGreaterThan(500)
        expect(events).toBeGreaterThan(before.events)
        expect(events - before.events).toBeLessThan(delivered - before.delivered)
        const types = labels.map((text) => /event_type="([^"]*)"/.exec(text)![1]!)
        expect(types).toContain("CustomerIOCEvent")
        expect(types).not.toContain("EppDetectionSummaryEvent")
        expect(labels.filter((text) => text.includes("partition"))).toEqual([])
        const { detail } = (yield* ask("/health")).body.plugins["event-stream"]
        expect(detail).toMatch(/^partition 0: .*; event types: read, and not parsed by Sekoia: \w+Event \d+, [^;]*$/)
      }),
    ))
})
