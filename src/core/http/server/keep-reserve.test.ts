import { expect, test } from "bun:test"
import { Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { onTestClock } from "../../../../test/support/effect.ts"
import { onShortage } from "./giving-way.ts"
import { keepReserve } from "./keep-reserve.ts"
import { descriptors as bounds } from "./limits.ts"

interface Held {
  /** Connections that the runtime knows as idle. */
  idle: number
  /** Connections without a whole head, which it does not. */
  silent: number
  /** Whose bodies are waited for. */
  bodies: number
  /** Whose requests are being answered. */
  answered: number
  /** What delivery and the runtime hold. */
  others: number
}

/** A port of a process with 1 024 descriptors, and what is done to it. */
const crowded = Effect.fnUntraced(function* (
  callers: Partial<Held>,
): Effect.fn.Return<{ readonly held: Held; readonly told: string[] }, never, Scope.Scope> {
  const held: Held = { idle: 0, silent: 0, bodies: 0, answered: 0, others: 50, ...callers }
  const told: string[] = []
  const stay = onShortage(() => void Object.assign(held, { bodies: 0 }))
  yield* Effect.addFinalizer(() => Effect.sync(stay))
  const door = {
    closeIdle: () => void Object.assign(held, { idle: 0 }),
    shut: () => void told.push("shut"),
    underWay: () => held.bodies + held.answered,
    cut: () => {
      told.push("cut")
      Object.assign(held, { idle: 0, silent: 0 })
    },
    open: () => void told.push("open"),
  }
  const used = () => held.idle + held.silent + held.bodies + held.answered + held.others
  yield* Effect.forkScoped(keepReserve(door, () => ({ used: used(), limit: 1_024 })))
  yield* Effect.yieldNow
  return { held, told }
})

const looks = (count: number) => TestClock.adjust(count * bounds.look_ms)

test("idle connections and bodies that do not come go first, and the port stays open where that is enough", () =>
  onTestClock(
    Effect.gen(function* () {
      const { held, told } = yield* crowded({ idle: 400, bodies: 400, silent: 100 })
      yield* looks(3)
      expect([held, told]).toEqual([expect.objectContaining({ idle: 0, bodies: 0, silent: 100 }), []])
    }),
  ))

test("the port is shut until the connections of callers are ended, and longer each time they come again", () =>
  onTestClock(
    Effect.gen(function* () {
      const { held, told } = yield* crowded({ silent: 900 })
      yield* TestClock.adjust(2 * bounds.look_ms)
      expect(told).toEqual(["shut"])
      yield* TestClock.adjust(bounds.shut_ms + bounds.look_ms)
      expect(told.filter((what) => what !== "cut")).toEqual(["shut", "open"])
      held.silent = 900
      yield* TestClock.adjust(2 * bounds.look_ms)
      yield* TestClock.adjust(2 * bounds.shut_ms)
      expect(told.at(-1)).toBe("cut")
      yield* looks(1)
      expect(told.at(-1)).toBe("open")
    }),
  ))

test("a request that is being answered is not cut off: the port opens once the others were silent for their time", () =>
  onTestClock(
    Effect.gen(function* () {
      const { held, told } = yield* crowded({ silent: 900, answered: 1 })
      yield* TestClock.adjust("20 seconds")
      expect(told).toEqual(["shut"])
      held.silent = 0
      yield* looks(1)
      expect(told).toEqual(["shut", "open"])
    }),
  ))

test("what delivery itself needs does not keep the port shut, nor shut it again", () =>
  onTestClock(
    Effect.gen(function* () {
      const { told } = yield* crowded({ others: 900 })
      yield* TestClock.adjust("10 minutes")
      expect(told.filter((what) => what !== "cut")).toEqual(["shut", "open"])
    }),
  ))
