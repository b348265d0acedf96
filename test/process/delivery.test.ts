import { describe, expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { killWhileWriting } from "./scenarios/event-files.ts"
import { refusedKey } from "./scenarios/keys.ts"
import { killRepeatedly } from "./scenarios/kills.ts"
import { intakeOutage, type OutageKind } from "./scenarios/outages.ts"
import { killInStorm } from "./scenarios/storms.ts"
import { endSessions, troubledStream, troubles, untilReopened } from "./scenarios/streams.ts"
import { twoTenants } from "./scenarios/tenants.ts"

/** Scenarios wait for a place first; each has a bound of its own, and cleans up when it meets it. */
const timeout_ms = 900_000

// Those that wait longest come first, so that the others run meanwhile.
describe("the intake key", () => {
  test.concurrent(
    "is read again from its file: a wrong one commits nothing, a corrected one delivers everything",
    async () => {
      const seen = await refusedKey({ events: 4_000, correct: true })
      expect(seen).toMatchObject({ ...intact, delivered: 4_000, committed: 0, taken: 0, health_status: 503 })
      expect(seen.health_detail).toContain("plugins.event-stream.intake_key")
    },
    timeout_ms,
  )
})

describe("while the intake is away", () => {
  const outage = (kind: OutageKind, outage_ms: number) =>
    intakeOutage({ kind, outage_ms, events: 16_000, partitions: 2, session: { session_interval_s: 8 } })
  const patient = { ...intact, delivered: 16_000 }

  test.concurrent.each([
    // Longer than the others: that a post has no answer is told after ten seconds.
    ["hangs", "hang", 18_000],
    ["answers 500", "500", 9_000],
    ["answers 429 with Retry-After", "429 with Retry-After", 9_000],
    ["refuses connections", "refused", 9_000],
  ] as const)(
    "because it %s, events wait at Falcon and sessions are kept",
    async (_, kind, outage_ms) => {
      const seen = await outage(kind, outage_ms)
      expect(seen).toMatchObject(patient)
      expect(seen.waiting).toBeGreaterThan(8_000)
      expect(seen.refreshes).toBeGreaterThanOrEqual(2)
      expect(seen.rss_max_mb).toBeLessThan(250)
      expect(seen.health).toBe("degraded")
    },
    timeout_ms,
  )

  test.concurrent(
    "a session that ends takes no event with it",
    async () => {
      const session = { session_interval_s: 2, session_life_s: 4 }
      const seen = await intakeOutage({ kind: "500", outage_ms: 8_000, events: 16_000, partitions: 2, session })
      expect(seen).toMatchObject({ ...intact, delivered: 16_000 })
      expect(seen.listings).toBeGreaterThan(1)
    },
    timeout_ms,
  )
})

describe("kill -9", () => {
  const plan = { partitions: 3, events: 30_000, events_per_second: 200, intake_delay_ms: 250 }

  test.concurrent(
    "while events are written to a file loses nothing, repeats two batches at most, and leaves whole lines",
    async () => {
      const [kills, batch_events] = [3, 50]
      const seen = await killWhileWriting({ kills, events: 10_000, events_per_second: 500, batch_events, seed: 3 })
      expect(seen).toMatchObject({ held: seen.sent, lost: 0, broken: 0 })
      expect(seen.sent).toBeGreaterThanOrEqual(10_000)
      expect(seen.repeated).toBeLessThanOrEqual(kills * 2 * batch_events)
    },
    timeout_ms,
  )

  test.concurrent(
    "loses nothing while Falcon still holds the app id of the killed process",
    async () => {
      const lock = { lock: "session", session_interval_s: 60 } as const
      const seen = await killRepeatedly({ ...plan, kills: 1, seed: 2, lock })
      expect(seen).toMatchObject({ lost: 0, corrupted: 0, out_of_order: 0, delivered: seen.sent })
      expect(seen.sent).toBeGreaterThanOrEqual(plan.events)
      expect(seen.repeated_after_kill_max).toBeLessThanOrEqual(2_000)
    },
    timeout_ms,
  )

  test.concurrent(
    "at any instant loses nothing and repeats two batches of a partition at most",
    async () => {
      const seen = await killRepeatedly({ ...plan, kills: 3, seed: 1 })
      expect(seen).toMatchObject({ lost: 0, corrupted: 0, out_of_order: 0, delivered: seen.sent })
      expect(seen.sent).toBeGreaterThanOrEqual(plan.events)
      expect(seen.repeated_after_kill_max).toBeLessThanOrEqual(2_000)
    },
    timeout_ms,
  )
})

describe("every event arrives once, whole and in order, though", () => {
  const plan = { partitions: 2, events: 1_200, lasting_s: 4 }
  const whole = { ...intact, delivered: 2_400 }

  test.concurrent(
    "Falcon lists no stream at first",
    async () => {
      const seen = await troubledStream({ ...plan, options: { faults: [{ on: "list", do: "empty" }] } })
      expect(seen).toMatchObject(whole)
      expect(seen.listings).toBeGreaterThan(1)
    },
    timeout_ms,
  )

  test.concurrent.each([
    [
      "streams are cut within a line, and Falcon repeats what it has sent",
      [troubles.cut(500), troubles.repeats(200, 300)],
    ],
    ["connections are reset, and one falls silent for a while", [troubles.reset(500), troubles.silence(5_000)]],
    ["refreshes answer 404", [troubles.refresh_404(2)]],
    ["sessions live for a few seconds only", [troubles.short_life(4)]],
  ] as const)(
    "%s",
    async (_, all) => {
      const options = Object.assign({}, ...all, { faults: all.flatMap(({ faults = [] }) => faults) })
      const disturb = untilReopened(plan.partitions)
      expect(await troubledStream({ ...plan, options, disturb })).toMatchObject(whole)
    },
    timeout_ms,
  )

  test.concurrent(
    "Falcon ends all sessions again and again",
    async () => {
      const seen = await troubledStream({ ...plan, options: {}, disturb: endSessions(3, 900) })
      expect(seen).toMatchObject(whole)
      expect(seen.listings).toBeGreaterThan(1)
    },
    timeout_ms,
  )

  test.concurrent(
    "two tenants share a process, each with its own intake, offsets and metrics; a third one with a damaged cache.json stands still",
    async () => {
      const events = 2_000
      const seen = await twoTenants(events)
      expect(seen.books).toMatchObject({
        acme: { ...intact, delivered: events },
        globex: { ...intact, delivered: events },
      })
      expect(seen).toMatchObject({
        strangers: 0,
        counted: { acme: events, globex: events },
        cached: ["acme", "globex"],
      })
      expect(seen.damaged).toMatch(/damaged\/cache\.json is damaged: it holds no JSON object.*Restore it/)
      expect(seen.plugins).toEqual(expect.arrayContaining(["acme/event-stream", "globex/event-stream"]))
    },
    timeout_ms,
  )
})

describe("vertices", () => {
  test.concurrent(
    "come after every detection, through a kill -9 amid a storm of them",
    async () => {
      const seen = await killInStorm({ kills: 1, events: 1_000, processes: 40, seed: 5 })
      expect(seen).toMatchObject({ lost: 0, corrupted: 0, out_of_order: 0, without: 0, early: 0, dead_letters: 0 })
      expect(seen.detections).toBeGreaterThan(100)
    },
    timeout_ms,
  )
})
