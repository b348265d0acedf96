import { ConnectionReset, type SimContext } from "./context.ts"
import type { FaultState } from "./faults.ts"
import type { Tape } from "./tape.ts"
import type { Session } from "./tenant.ts"

/** Events are rendered into chunks of this size, so that one wake-up serves many. */
const chunk_bytes = 256 * 1024

/** Where a chunk is rendered before it is copied to its size: a few events are seldom as long as the longest could be. */
let scratch = new Uint8Array(chunk_bytes)

/** Longest sleep before looking again. */
const look_again_ms = 60_000

/** A new one each time: a reader may do with its chunks what it likes. */
const makeKeepalive = () => Uint8Array.of(0x0d, 0x0a)

type Controller = ReadableStreamDefaultController<Uint8Array>

/**
 * The body of one stream request. It works only when it is pulled, one chunk at a time: a client that stops reading
 * stops the simulator too, and nothing piles up but what the sockets hold.
 */
export function openStream(
  sim: SimContext,
  session: Session,
  tape: Tape,
  first: number,
  types: ReadonlySet<string> | undefined,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const stream = new Firehose(sim, session, tape, first, types)
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const abort = () => stream.fail(controller, signal.reason)
        if (signal.aborted) abort()
        else signal.addEventListener("abort", abort, { once: true })
      },
      pull: (controller) => stream.pull(controller),
      cancel: () => stream.close(),
    },
    { highWaterMark: 0 },
  )
}

class Firehose {
  #open = true
  #cursor: number
  /** Undefined before the first byte. */
  #written_ms: number | undefined
  /** The fault that keeps the stream from writing anything. */
  #stalled_by: FaultState | undefined
  /** The fault that keeps the stream from writing events. */
  #starved_by: FaultState | undefined
  #wake = new AbortController()

  readonly sim: SimContext
  readonly session: Session
  readonly tape: Tape
  readonly types: ReadonlySet<string> | undefined

  constructor(sim: SimContext, session: Session, tape: Tape, first: number, types: ReadonlySet<string> | undefined) {
    this.sim = sim
    this.session = session
    this.tape = tape
    this.types = types
    this.#cursor = first
    session.stream_open = true
    sim.streams.add(this)
  }

  /** Writes the next chunk, waiting for it if need be. */
  async pull(controller: Controller): Promise<void> {
    while (this.#open) {
      const step = this.#step(controller)
      if (step === "done") return
      if (step === "wait") await this.sim.clock.sleep(this.#idleMs(), this.#wake.signal)
    }
  }

  /** Ends a sleep. */
  wake(): void {
    this.#wake.abort()
    this.#wake = new AbortController()
  }

  /** The client is gone, or the stream is over. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.session.stream_open = false
    this.session.closed_ms = Math.min(this.sim.clock.now(), this.sim.tenant.endOf(this.session))
    this.sim.streams.delete(this)
    this.wake()
  }

  /** Breaks the body. Over sockets without a reason, since Bun would report one as an error of the server. */
  fail(controller: Controller, reason?: unknown): void {
    if (!this.#open) return
    this.close()
    controller.error(reason)
  }

  /** Does one thing: `done` if it wrote or ended, `wait` if nothing can be done yet. */
  #step(controller: Controller): "done" | "again" | "wait" {
    const { sim, session } = this
    const now = sim.clock.now()
    if (sim.closed.aborted) return this.#end(controller)
    if (sim.faults.lasts(this.#stalled_by, now)) return "wait"
    if (now >= sim.tenant.endOf(session)) return this.#end(controller)
    if (this.#written_ms === undefined) return this.#write(controller, makeKeepalive(), now)
    const starved = sim.faults.lasts(this.#starved_by, now)
    const has_event = this.#skipUnwanted(now)
    const fault = starved ? undefined : sim.faults.strikeStream(session.partition, has_event, now)
    if (fault !== undefined) return this.#suffer(fault, controller, now)
    const is_due = now >= this.#writesFrom()
    if (has_event && !starved && is_due) return this.#write(controller, this.#fill(now), now)
    if (now < this.#written_ms + sim.settings.keepalive_ms) return "wait"
    return this.#write(controller, makeKeepalive(), now)
  }

  /** Does what a fault says. */
  #suffer(state: FaultState, controller: Controller, now: number): "done" | "again" {
    const deed = state.fault.do
    const oldest = this.sim.settings.retention
    if (deed === "stall") this.#stalled_by = state
    if (deed === "keepalive_only") this.#starved_by = state
    if (deed === "rewind") this.#cursor = oldest
    if (typeof deed === "object" && "repeat" in deed) {
      this.#cursor = Math.max(oldest, this.#cursor - deed.repeat.events)
    }
    if (deed === "end") return this.#end(controller)
    if (deed === "reset") this.fail(controller, this.sim.over_sockets ? undefined : new ConnectionReset())
    if (deed === "cut") {
      const line = this.tape.line(this.#cursor)
      this.#write(controller, line.subarray(0, Math.floor(line.length / 2)), now)
      return this.#end(controller)
    }
    return "again"
  }

  #end(controller: Controller): "done" {
    this.close()
    controller.close()
    return "done"
  }

  #write(controller: Controller, bytes: Uint8Array, now: number): "done" {
    controller.enqueue(bytes)
    this.#written_ms = now
    return "done"
  }

  /** Moves past events of other types. Answers whether an event is there to be written. */
  #skipUnwanted(now: number): boolean {
    const head = this.tape.head(now)
    if (this.types !== undefined) {
      while (this.#cursor < head && !this.types.has(this.tape.type(this.#cursor))) this.#cursor++
    }
    return this.#cursor < head
  }

  /** As many of the next events as one chunk holds, at least one. */
  #fill(now: number): Uint8Array {
    const { sim, tape, types } = this
    const { partition } = this.session
    const head = tape.head(now)
    const most = sim.faults.horizon(partition, now)
    if (scratch.length < tape.event_bytes_max) scratch = new Uint8Array(tape.event_bytes_max)
    const buffer = scratch
    let end = 0
    let events = 0
    while (this.#cursor < head && events < most && end + tape.event_bytes_max <= buffer.length) {
      const index = this.#cursor
      const poison = tape.poison(index) !== undefined
      if (poison && events > 0) break
      this.#cursor++
      if (types !== undefined && !types.has(tape.type(index))) continue
      events++
      sim.ledger.sent(partition, index)
      if (poison) {
        sim.faults.passed(partition, 1, now)
        return tape.line(index)
      }
      end = tape.write(index, buffer, end)
    }
    sim.faults.passed(partition, events, now)
    return buffer.slice(0, end)
  }

  /** When events may be written again. A backlog is written without waiting. */
  #writesFrom(): number {
    const { tape, sim } = this
    return tape.isLive(this.#cursor) ? (this.#written_ms ?? 0) + sim.settings.write_every_ms : 0
  }

  /** When the next event is there. */
  #nextEventMs(now: number): number {
    return this.#cursor < this.tape.head(now) ? now : this.tape.nextMs(now)
  }

  /** How long nothing will happen. */
  #idleMs(): number {
    const { sim, session } = this
    const now = sim.clock.now()
    if (sim.faults.lasts(this.#stalled_by, now)) return capped(sim.faults.endOf(this.#stalled_by) - now)
    const starved = sim.faults.lasts(this.#starved_by, now)
    const next_ms = Math.min(
      starved ? sim.faults.endOf(this.#starved_by) : Math.max(this.#nextEventMs(now), this.#writesFrom()),
      (this.#written_ms ?? now) + sim.settings.keepalive_ms,
      sim.tenant.endOf(session),
      sim.faults.nextStart(session.partition, now),
    )
    return capped(next_ms - now)
  }
}

function capped(wait_ms: number): number {
  return Math.max(1, Math.min(look_again_ms, wait_ms))
}
