/**
 * A model of what places a unit on one of several processes. It gives no promise that it cannot keep: a process that it takes the unit away
 * from learns that when it learns it, and may work for the unit meanwhile beside the next one.
 */
import { Effect, Fiber } from "effect"
import type { Random } from "../../../simulator/events/random.ts"
import type { Placement } from "../../../src/core/cluster/cluster.ts"
import type { Database } from "../../../src/core/cluster/database.ts"
import { engine as limits } from "../../../src/core/cluster/limits.ts"
import { turns } from "../../../src/core/cluster/placement.ts"
import { type Life, reach, type VirtualTime } from "./time.ts"

/** How long after its last sign a process that is gone still counts as there, at most. */
const gone_ms_max = limits.lock_ms_max + limits.look_ms

/** One process, as the engine sees it. */
export class Seat {
  /** What the process has been told last. */
  private is_given = false
  private readonly looking = new Set<() => void>()
  /** Counts the times that the unit was given to it: what is taken away is what it has been given before. */
  gifts = 0
  /** Since when it gives no sign; `undefined` while it does. */
  silent_since_ms: number | undefined
  /** The process is about to end: it is given nothing any more. */
  is_leaving = false
  private onLeft: () => void = () => undefined

  readonly name: string
  private readonly life: Life
  private readonly givesSign: () => boolean

  constructor(name: string, life: Life, givesSign: () => boolean) {
    this.name = name
    this.life = life
    this.givesSign = givesSign
  }

  /** The process gives signs, and takes units. */
  get isWell(): boolean {
    return !this.is_leaving && this.life.alive && this.life.waiting === undefined && this.givesSign()
  }

  tell(is_given: boolean): void {
    reach(this.life, () => {
      this.is_given = is_given
      for (const look of [...this.looking]) look()
    })
  }

  /** Calls once the process has ended the work that it does now; at once when it does none. */
  whenLeft(call: () => void): void {
    this.onLeft = call
  }

  /** What the process makes of it, with the product's own answer to a fence that is over. */
  placement(database: Database): Placement {
    return {
      show: () => Effect.void,
      drain_ms_max: limits.hand_over_ms_max,
      leave: Effect.void,
      run: (unit, work) =>
        Effect.gen({ self: this }, function* () {
          for (;;) {
            yield* this.until(true)
            const turn = yield* Effect.forkChild(turns(database, unit, this.name, work))
            yield* Effect.raceFirst(Fiber.join(turn), this.until(false))
            yield* Fiber.interrupt(turn)
            this.onLeft()
            this.onLeft = () => undefined
          }
        }),
    }
  }

  private until(is_given: boolean): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const look = () => {
        if (this.is_given !== is_given || !this.looking.delete(look)) return
        resume(Effect.void)
      }
      this.looking.add(look)
      look()
      return Effect.sync(() => this.looking.delete(look))
    })
  }
}

export interface EngineOptions {
  readonly time: VirtualTime
  readonly random: Random
  readonly note: (what: string) => void
  readonly onGiven: (seat: Seat) => void
}

export class Engine {
  holder: Seat | undefined
  private readonly seats = new Set<Seat>()
  /** The unit is given to nobody before. */
  private free_from_ms = 0

  private readonly options: EngineOptions

  constructor(options: EngineOptions) {
    this.options = options
  }

  join(seat: Seat): void {
    this.seats.add(seat)
  }

  /** The process is gone; the others have its unit so much later. */
  leave(seat: Seat, after_ms = this.options.random.int(0, gone_ms_max)): void {
    this.seats.delete(seat)
    if (this.holder !== seat) return
    this.holder = undefined
    this.free_from_ms = this.options.time.now_ms + after_ms
  }

  /** Looks who is there, again and again. */
  readonly look = (): void => {
    const { time, random } = this.options
    for (const seat of this.seats) {
      if (seat.isWell || seat.is_leaving) seat.silent_since_ms = undefined
      else seat.silent_since_ms ??= time.now_ms
    }
    const silent_since_ms = this.holder?.silent_since_ms
    if (silent_since_ms !== undefined && time.now_ms - silent_since_ms >= limits.lock_ms_max)
      this.takeAway(random.pick([0, 300, 2_000, 30_000]))
    if (this.holder === undefined && time.now_ms >= this.free_from_ms) this.giveTo(this.others())
    time.after(limits.look_ms, this.look)
  }

  /** Moves the unit to another process that is there, if there is one. */
  move(orderly: boolean, learns_ms: number): void {
    const { time, note } = this.options
    const { holder } = this
    const others = this.others().filter((seat) => seat !== holder)
    if (holder === undefined || others.length === 0) return
    if (!orderly) {
      this.takeAway(learns_ms)
      this.giveTo(others)
      return
    }
    note(`the unit is to leave ${holder.name}`)
    this.takeAway(0)
    this.free_from_ms = time.now_ms + limits.hand_over_ms_max
    holder.whenLeft(() => {
      this.free_from_ms = time.now_ms
      if (this.holder === undefined) this.giveTo(this.others())
    })
  }

  private others(): readonly Seat[] {
    return [...this.seats].filter(({ isWell }) => isWell)
  }

  private takeAway(learns_ms: number): void {
    const { time, note } = this.options
    const seat = this.holder
    if (seat === undefined) return
    this.holder = undefined
    note(`the unit is taken away from ${seat.name}, which learns it ${learns_ms / 1_000} s later`)
    const { gifts } = seat
    const learn = () => {
      if (seat.gifts === gifts) seat.tell(false)
    }
    if (learns_ms === 0) learn()
    else time.after(learns_ms, learn)
  }

  private giveTo(seats: readonly Seat[]): void {
    const { random, note, onGiven } = this.options
    if (seats.length === 0) return
    const seat = random.pick(seats)
    this.holder = seat
    seat.gifts++
    note(`the unit is given to ${seat.name}`)
    onGiven(seat)
    seat.tell(true)
  }
}
