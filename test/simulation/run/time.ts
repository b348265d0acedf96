/**
 * Virtual time. Nothing happens but what a timer starts: the driver takes the next timer, lets everything run that it sets
 * off, then takes the one after. Fibers run in microtasks, so "everything has run" is one turn of the event loop.
 *
 * Effect's `TestClock` is not enough here: it moves by steps that somebody has to choose, and its wall clock cannot jump
 * while sleeping fibers sleep on.
 */
import { type Clock, Duration, Effect, Scheduler } from "effect"

interface Timer {
  readonly at_ms: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

const before = (a: Timer, b: Timer): boolean => a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.order < b.order)

export class VirtualTime {
  private readonly heap: Timer[] = []
  private timers = 0
  private holds = 0
  /** Milliseconds since the epoch, as they truly pass. */
  now_ms: number

  constructor(start_ms: number) {
    this.now_ms = start_ms
  }

  /** Runs something later; gives the way to call it off. */
  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at_ms: this.now_ms + Math.max(0, ms), order: this.timers++, run, cancelled: false }
    this.push(timer)
    return () => {
      timer.cancelled = true
    }
  }

  at(ms: number, run: () => void): () => void {
    return this.after(ms - this.now_ms, run)
  }

  /** Runs the next timer and everything that follows from it; false when there is none. */
  async step(): Promise<boolean> {
    while (this.holds > 0) await turn()
    let timer = this.pop()
    while (timer?.cancelled) timer = this.pop()
    if (timer === undefined) return false
    this.now_ms = timer.at_ms
    timer.run()
    await turn()
    return true
  }

  /** For what the kernel does in its own time, like connecting to a socket: until the returned function is called no timer runs. */
  hold(): () => void {
    this.holds++
    let is_held = true
    return () => {
      if (is_held) this.holds--
      is_held = false
    }
  }

  private push(timer: Timer): void {
    const { heap } = this
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  private pop(): Timer | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Whether a process still runs. A dead one does nothing more: its sleeps do not end, its tasks are dropped. */
export interface Life {
  alive: boolean
  /** What has come for a process that stands still, in order; `undefined` while it runs. */
  waiting?: (() => void)[] | undefined
}

/** Brings something to a process: a timer that is over, an answer, a signal. It comes through when the process runs, or runs again. */
export const reach = (life: Life, run: () => void): void => {
  if (life.waiting === undefined) run()
  else life.waiting.push(run)
}

/** Lets a process go on that stood still, with all that has come meanwhile. */
export const wake = (life: Life): void => {
  const { waiting = [] } = life
  life.waiting = undefined
  for (const run of waiting) reach(life, run)
}

/** Waits until the process runs; ends at once while it does, and never for a dead one. */
export const whileAwake = (life: Life): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!life.alive) return Effect.never
    if (life.waiting === undefined) return Effect.void
    return Effect.callback<void>((resume) => reach(life, () => resume(whileAwake(life))))
  })

/** The clocks of a machine as one process sees them: `skew_ms` is by how much the wall clock is wrong. */
export const clockOf = (time: VirtualTime, skew_ms: () => number, life: Life): Clock.Clock => {
  const wall = () => time.now_ms + skew_ms()
  const nanos = (ms: number) => BigInt(Math.floor(ms * 1_000)) * 1_000n
  return {
    currentTimeMillisUnsafe: wall,
    currentTimeMillis: Effect.sync(wall),
    currentTimeNanosUnsafe: () => nanos(wall()),
    currentTimeNanos: Effect.sync(() => nanos(wall())),
    monotonicTimeNanosUnsafe: () => nanos(time.now_ms),
    monotonicTimeNanos: Effect.sync(() => nanos(time.now_ms)),
    sleep: (duration) =>
      Effect.callback((resume) => {
        const over = () => {
          if (life.alive) resume(Effect.void)
        }
        const cancel = time.after(Duration.toMillis(duration), () => reach(life, over))
        return Effect.sync(cancel)
      }),
  }
}

/** Runs the fibers of one process, in microtasks, for as long as it lives. */
export const schedulerOf = (life: Life): Scheduler.Scheduler =>
  new Scheduler.MixedScheduler("async", (run) => {
    let wanted = true
    const runIfWanted = () => {
      if (wanted && life.alive) run()
    }
    queueMicrotask(() => reach(life, runIfWanted))
    return () => {
      wanted = false
    }
  })
