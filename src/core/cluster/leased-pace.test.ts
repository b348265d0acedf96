/** One rate for all processes of a cluster: the arithmetic of its leases, and processes over a row that fails. */
import { describe, expect, test } from "bun:test"
import { Clock, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { answer } from "../../../test/http/support.ts"
import { clusterDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock, onTestClock } from "../../../test/support/effect.ts"
import { has_postgres, no_postgres } from "../../../test/support/postgres.ts"
import { StoreError } from "../errors.ts"
import { makeRateLimit } from "../falcon/rate-limit.ts"
import { leasedPace } from "./leased-pace.ts"
import { type Leases, lend } from "./leases.ts"
import { shared_rate } from "./limits.ts"
import { type StoredLeases, storedLeases } from "./stored-leases.ts"

const rate = { per_second_max: 100, burst_max: 10 }
const bounds = { per_second_max: 100, lease_ms: shared_rate.lease_ms }

describe("leases of a rate", () => {
  const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 100 }), fc.nat(1_500)))

  test("are never more than the rate together, whoever asks when", () => {
    fc.assert(
      fc.property(asks, (all) => {
        let leases: Leases = {}
        let now_ms = 0
        for (const [who, wants, later_ms] of all) {
          now_ms += later_ms
          leases = lend(leases, { process: `p${who}`, wants }, now_ms, bounds)
          const running = Object.values(leases).filter(({ until_ms }) => until_ms > now_ms)
          expect(running.reduce((sum, { per_second }) => sum + per_second, 0)).toBeLessThanOrEqual(100)
        }
      }),
    )
  })

  test("give each what it wants or an equal part, and what others leave, once all have asked twice", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }), (wanted) => {
        let leases: Leases = {}
        for (const now_ms of [0, 1_000])
          for (const [at, wants] of wanted.entries())
            leases = lend(leases, { process: `p${at}`, wants }, now_ms, bounds)
        const lent = wanted.map((_, at) => leases[`p${at}`]!.per_second)
        const most = Math.max(...lent)
        for (const [at, wants] of wanted.entries()) expect(lent[at]).toBe(Math.min(wants, most))
        const wanted_sum = wanted.reduce((sum, wants) => sum + wants, 0)
        // Shares are whole numbers, so that less than one a process is left.
        const lent_sum = lent.reduce((sum, per_second) => sum + per_second, 0)
        expect(lent_sum).toBeGreaterThan(Math.min(100, wanted_sum) - wanted.length)
      }),
    )
  })
})

type Trouble = "none" | "refuses" | "hangs" | "loses answers"

/** The row of a tenant in memory: what is asked arrives after `delay_ms` and is answered after as long, or has the trouble of that moment. */
const memoryRow = (trouble: (now_ms: number) => Trouble, delay_ms: () => number) => {
  let version = 0
  let leases: Leases = {}
  let held_until_ms = 0
  const delay = Effect.suspend(() => {
    const ms = delay_ms()
    return ms === 0 ? Effect.void : Effect.sleep(ms)
  })
  const refused = new StoreError({ reason: "unreadable", path: "memory", message: "away" })
  const statement = <A>(carryOut: (now_ms: number) => A): Effect.Effect<A, StoreError> =>
    Effect.gen(function* () {
      yield* delay
      const now_ms = yield* Clock.currentTimeMillis
      const wrong = trouble(now_ms)
      if (wrong === "refuses") return yield* refused
      if (wrong === "hangs") return yield* Effect.never
      const done = carryOut(now_ms)
      yield* delay
      if (wrong === "loses answers") return yield* refused
      return done
    })
  return {
    read: statement((now_ms) => ({ version, leases, now_ms, hold_ms: Math.max(0, held_until_ms - now_ms) })),
    replace: (seen, others) =>
      statement(() => {
        if (seen !== version) return false
        version++
        leases = others
        return true
      }),
    hold: (wait_ms) =>
      statement((now_ms) => {
        held_until_ms = Math.max(held_until_ms, now_ms + wait_ms)
      }),
    giveBack: (process) =>
      statement(() => {
        version++
        leases = Object.fromEntries(Object.entries(leases).filter(([name]) => name !== process))
      }),
  } satisfies StoredLeases
}

const healthy = () =>
  memoryRow(
    () => "none",
    () => 0,
  )

const most = (times: readonly number[]): number => {
  const sorted = times.toSorted((one, other) => one - other)
  let from = 0
  let found = 0
  for (const [at, time] of sorted.entries()) {
    while (time - sorted[from]! >= 1_000) from++
    found = Math.max(found, at - from + 1)
  }
  return found
}

type RateLimit = Effect.Success<ReturnType<typeof makeRateLimit>>

/** A process that shares the rate over this row. */
const processOn = (row: StoredLeases, name: string, processes: number) =>
  Effect.flatMap(
    leasedPace(row, name, rate, () => processes),
    (pace) => makeRateLimit({ ...rate, pace }),
  )

/** Makes `count` calls as soon as they may go; `times` gets when they went. */
const call = ({ take }: RateLimit, count: number, times: number[]) =>
  Effect.gen(function* () {
    for (let made = 0; made < count; made++) {
      yield* take
      times.push(yield* Clock.currentTimeMillis)
    }
  })

const virtually = (body: () => Effect.Effect<unknown, unknown, Scope.Scope>) => () => onTestClock(body())

describe("processes that share a tenant's rate", () => {
  test(
    "keep to it together and use it, each its part",
    virtually(() =>
      Effect.gen(function* () {
        const row = healthy()
        const times = [[], [], []] as number[][]
        for (const [at, own] of times.entries()) {
          yield* Effect.forkScoped(call(yield* processOn(row, `p${at}`, 3), 5_000, own))
        }
        yield* TestClock.adjust(10_000)
        expect(most(times.flat())).toBeLessThanOrEqual(100)
        // Nine tenths: as where a process is alone, the rest is the burst.
        expect(times.flat().length).toBeGreaterThan(800)
        for (const own of times) expect(own.length).toBeGreaterThan(230)
      }),
    ),
  )

  test(
    "leave all of it to one that is alone, and make room when another one comes",
    virtually(() =>
      Effect.gen(function* () {
        const row = healthy()
        const [first, second] = [[], []] as [number[], number[]]
        yield* Effect.forkScoped(call(yield* processOn(row, "a", 2), 5_000, first))
        yield* TestClock.adjust(10_000)
        expect(first.length).toBeGreaterThan(800)
        yield* Effect.forkScoped(call(yield* processOn(row, "b", 2), 5_000, second))
        yield* TestClock.adjust(4_000)
        expect(second.length).toBeGreaterThan(80)
        expect(most([...first, ...second])).toBeLessThanOrEqual(101)
      }),
    ),
  )

  test(
    "go on while the database is away, with an equal part each, once no lease can run any more",
    virtually(() =>
      Effect.gen(function* () {
        const row = memoryRow(
          (now_ms) => (now_ms < 5_000 ? "none" : "refuses"),
          () => 1,
        )
        const times = [[], []] as [number[], number[]]
        yield* Effect.forkScoped(call(yield* processOn(row, "a", 2), 9_000, times[0]))
        yield* TestClock.adjust(5_500)
        yield* Effect.forkScoped(call(yield* processOn(row, "b", 2), 9_000, times[1]))
        yield* TestClock.adjust(24_500)
        for (const own of times) expect(own.filter((ms) => ms > 10_000).length).toBeGreaterThan(800)
        expect(most(times.flat())).toBeLessThanOrEqual(102)
      }),
    ),
  )

  test(
    "wait together when Falcon tells one of them to",
    virtually(() =>
      Effect.gen(function* () {
        const row = healthy()
        const times: number[] = []
        const told = yield* processOn(row, "a", 2)
        yield* Effect.forkScoped(call(yield* processOn(row, "b", 2), 5_000, times))
        yield* TestClock.adjust(5_000)
        yield* told.learn("hosts.list", answer(429, {}, { "retry-after": "30" }))
        yield* TestClock.adjust(29_000)
        expect(times.filter((ms) => ms > 6_100)).toEqual([])
        yield* TestClock.adjust(10_000)
        expect(times.filter((ms) => ms >= 35_000).length).toBeGreaterThan(100)
      }),
    ),
  )

  test("never exceed it, whatever becomes of statements, and always go on", () => {
    const script = fc.record({
      calls: fc.array(fc.record({ who: fc.nat(3), at_ms: fc.nat(15_000), count: fc.integer({ min: 1, max: 300 }) }), {
        minLength: 1,
        maxLength: 8,
      }),
      delays_ms: fc.array(fc.nat(60), { minLength: 1, maxLength: 7 }),
      away: fc.option(
        fc.record({
          from_ms: fc.nat(15_000),
          for_ms: fc.integer({ min: 500, max: 12_000 }),
          how: fc.constantFrom("refuses", "hangs", "loses answers"),
        }),
        { nil: undefined },
      ),
    })
    return fc.assert(
      fc.asyncProperty(script, ({ calls, delays_ms, away }) =>
        onTestClock(
          Effect.gen(function* () {
            let at = 0
            const isAway = (now_ms: number) =>
              away !== undefined && now_ms >= away.from_ms && now_ms < away.from_ms + away.for_ms
            const row = memoryRow(
              (now_ms) => (isAway(now_ms) ? (away!.how as Trouble) : "none"),
              () => delays_ms[at++ % delays_ms.length]!,
            )
            const names = [...new Set(calls.map(({ who }) => who))]
            const times: number[] = []
            for (const who of names) {
              const limit = yield* processOn(row, `p${who}`, names.length)
              for (const { at_ms, count } of calls.filter((one) => one.who === who))
                yield* Effect.forkScoped(Effect.delay(call(limit, count, times), at_ms))
            }
            yield* TestClock.adjust(120_000)
            expect(times.length).toBe(calls.reduce((sum, { count }) => sum + count, 0))
            expect(most(times)).toBeLessThanOrEqual(100 + names.length)
          }),
        ),
      ),
      { numRuns: 8, seed: 17 },
    )
  })
})

const sentence = "a tenant's rate in PostgreSQL"

describe.skipIf(!has_postgres)(has_postgres ? sentence : `${sentence} ${no_postgres}`, () => {
  const lease = { wants: 1, per_second: 1, until_ms: 1 }

  test("is changed by one process at a time, and holds all for the longest wait that one was told", () =>
    onRealClock(
      Effect.gen(function* () {
        const db = yield* clusterDatabase
        const row = storedLeases(db, "acme")
        for (const version of [0, 1]) {
          const names = ["a", "b", "c", "d"]
          const replaced = yield* Effect.forEach(names, (name) => row.replace(version, { [name]: lease }), {
            concurrency: "unbounded",
          })
          expect(replaced.filter(Boolean).length).toBe(1)
          const { leases } = yield* row.read
          expect(leases).toEqual({ [names[replaced.indexOf(true)]!]: lease })
        }
        yield* row.hold(60_000)
        yield* row.hold(1_000)
        const { version, leases, hold_ms } = yield* row.read
        expect(version).toBe(2)
        expect(Math.round(hold_ms / 10_000)).toBe(6)
        expect((yield* storedLeases(db, "other").read).hold_ms).toBe(0)
        yield* row.giveBack(Object.keys(leases)[0]!)
        expect((yield* row.read).leases).toEqual({})
      }),
    ))

  test("is not exceeded by two processes together, and free again when they have ended", () =>
    onRealClock(
      Effect.gen(function* () {
        const db = yield* clusterDatabase
        const row = storedLeases(db, "acme")
        const times = [[], []] as number[][]
        yield* Effect.gen(function* () {
          for (const [at, own] of times.entries())
            yield* Effect.forkScoped(call(yield* processOn(row, `p${at}`, 2), 5_000, own))
          while (times.some((own) => own.length < 60)) yield* Effect.sleep(20)
        }).pipe(Effect.scoped)
        expect(most(times.flat())).toBeLessThanOrEqual(102)
        expect((yield* row.read).leases).toEqual({})
      }),
    ))
})
