import * as z from "zod"

const simple_deeds = [
  "hang",
  "reset",
  "empty",
  "accept_then_fail",
  "task_fails",
  "task_hangs",
  "cut",
  "end",
  "stall",
  "keepalive_only",
  "rewind",
] as const

const answer_schema = z.strictObject({
  status: z.int().min(200).max(599),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
})

const deed_schema = z.union(
  [
    z.enum(simple_deeds),
    answer_schema,
    z.strictObject({ slow: z.strictObject({ delay_ms: z.number().nonnegative() }) }),
    z.strictObject({
      redirect: z.strictObject({ location: z.string(), status: z.int().min(301).max(308).optional() }),
    }),
    z.strictObject({ repeat: z.strictObject({ events: z.int().positive() }) }),
  ],
  {
    error: `one of ${simple_deeds.join(", ")}, {status, headers?, body?}, {slow: {delay_ms}}, {redirect: {location}}, {repeat: {events}}`,
  },
)

/** What a fault does when it strikes. */
export type Deed = z.output<typeof deed_schema>

/** Where a fault strikes. */
const fault_places = ["token", "list", "open", "refresh", "api", "intake", "assets", "tasks", "stream"] as const

/** One of `fault_places`. */
export type Place = (typeof fault_places)[number]

const on_stream: readonly string[] = ["cut", "end", "reset", "stall", "keepalive_only", "rewind", "repeat"]
const on_request: readonly string[] = ["hang", "reset", "status", "slow", "redirect"]

/** `hang`, `status`, `repeat`, ... */
function deedName(deed: Deed): string {
  return typeof deed === "string" ? deed : (Object.keys(deed).find((key) => key !== "headers" && key !== "body") ?? "")
}

function possible(place: Place, name: string): boolean {
  if (place === "stream") return on_stream.includes(name)
  if (name === "empty") return place === "list"
  if (name === "task_fails" || name === "task_hangs") return place === "assets"
  if (name === "accept_then_fail") return place === "intake" || place === "assets"
  return on_request.includes(name)
}

/**
 * One fault of a schedule. Its occasions are requests; on a stream, the events about to be written. Times count from
 * when the fault was added. It strikes once, unless `until_ms`, `every` or `count` say otherwise.
 */
export const fault_schema = z
  .strictObject({
    on: z.enum(fault_places),
    /** Only this partition. The token, list and intake routes have none. */
    partition: z.int().nonnegative().optional(),
    /** Only requests whose path begins so, on `api`. */
    path: z.string().startsWith("/").optional(),
    /** Not before. */
    after_ms: z.number().nonnegative().optional(),
    /** Same as after_ms: the start of a window that `until_ms` ends. */
    from_ms: z.number().nonnegative().optional(),
    /** Not from then on. */
    until_ms: z.number().positive().optional(),
    /** Lets this many occasions pass first. */
    skip: z.int().nonnegative().optional(),
    /** Strikes at every n-th occasion. */
    every: z.int().positive().optional(),
    /** Strikes so many times at most. */
    count: z.int().positive().optional(),
    do: deed_schema,
  })
  .superRefine((fault, context) => {
    const name = deedName(fault.do)
    if (!possible(fault.on, name)) {
      context.addIssue({ code: "custom", path: ["do"], message: `"${name}" is not possible on "${fault.on}"` })
    }
  })

/** One fault of a schedule, checked. */
export type Fault = z.output<typeof fault_schema>

/** A fault and what it did so far. */
export interface FaultState {
  readonly id: number
  readonly fault: Fault
  readonly added_ms: number
  /** Occasions since it last struck. */
  waited: number
  struck: number
}

/** Deeds on a stream that wait for an event to be there. */
const needs_event: readonly string[] = ["cut", "repeat", "rewind"]

/** The faults in force, and which of them strikes next. */
export class FaultSchedule {
  readonly faults: FaultState[] = []
  #next_id = 1

  /** Adds a fault; its times count from `now`. */
  add(fault: Fault, now: number): FaultState {
    const state: FaultState = { id: this.#next_id++, fault, added_ms: now, waited: 0, struck: 0 }
    this.faults.push(state)
    return state
  }

  /** Removes one fault, or all. Answers how many. */
  remove(id?: number): number {
    const kept = id === undefined ? [] : this.faults.filter((state) => state.id !== id)
    const removed = this.faults.length - kept.length
    this.faults.splice(0, this.faults.length, ...kept)
    return removed
  }

  /** One occasion on a request route: what strikes now, if anything. */
  strike(place: Place, partition: number | undefined, now: number, path = ""): Deed | undefined {
    let deed: Deed | undefined
    for (const state of this.#active(place, partition, now)) {
      if (!path.startsWith(state.fault.path ?? "")) continue
      state.waited++
      if (deed === undefined && state.waited > passes(state)) deed = hit(state)
    }
    return deed
  }

  /** What strikes a stream now. `has_event`: an event is about to be written. */
  strikeStream(partition: number, has_event: boolean, now: number): FaultState | undefined {
    for (const state of this.#active("stream", partition, now)) {
      if (state.waited < passes(state)) continue
      if (has_event || (state.fault.every === undefined && !needs_event.includes(deedName(state.fault.do)))) {
        hit(state)
        return state
      }
    }
    return undefined
  }

  /** How many events a stream may write before it has to ask `strikeStream` again. */
  horizon(partition: number, now: number): number {
    let events = Number.MAX_SAFE_INTEGER
    for (const state of this.#active("stream", partition, now)) events = Math.min(events, passes(state) - state.waited)
    return Math.max(1, events)
  }

  /** A stream wrote so many events. */
  passed(partition: number, events: number, now: number): void {
    for (const state of this.#active("stream", partition, now)) state.waited += events
  }

  /** When the next fault of a stream begins; Infinity for never. */
  nextStart(partition: number, now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const state of this.faults) {
      if (state.fault.on !== "stream" || !concerns(state, partition) || exhausted(state)) continue
      const start = state.added_ms + startOf(state.fault)
      if (start > now) next = Math.min(next, start)
    }
    return next
  }

  /** True while a fault that struck is in force: it was not removed, and its window is open. */
  lasts(state: FaultState | undefined, now: number): state is FaultState {
    return state !== undefined && this.faults.includes(state) && now < this.endOf(state)
  }

  /** When a fault ends by itself; Infinity for never. */
  endOf(state: FaultState | undefined): number {
    return state === undefined ? 0 : state.added_ms + (state.fault.until_ms ?? Number.POSITIVE_INFINITY)
  }

  #active(place: Place, partition: number | undefined, now: number): FaultState[] {
    if (this.faults.length === 0) return []
    return this.faults.filter(
      (state) =>
        state.fault.on === place &&
        concerns(state, partition) &&
        !exhausted(state) &&
        now >= state.added_ms + startOf(state.fault) &&
        now < this.endOf(state),
    )
  }
}

function concerns(state: FaultState, partition: number | undefined): boolean {
  return state.fault.partition === undefined || partition === undefined || state.fault.partition === partition
}

function startOf(fault: Fault): number {
  return Math.max(fault.after_ms ?? 0, fault.from_ms ?? 0)
}

function exhausted(state: FaultState): boolean {
  const { count, until_ms, every } = state.fault
  const repeats = until_ms !== undefined || every !== undefined
  return state.struck >= (count ?? (repeats ? Number.POSITIVE_INFINITY : 1))
}

/** Occasions that pass unharmed before the next strike. */
function passes(state: FaultState): number {
  const first = state.struck === 0 ? (state.fault.skip ?? 0) : 0
  return first + (state.fault.every ?? 1) - 1
}

function hit(state: FaultState): Deed {
  state.waited = 0
  state.struck++
  return state.fault.do
}
