import { type Context, Hono } from "hono"
import { type Batch, parseBatch, skimBatch } from "./batch.ts"
import { type SimContext, struck } from "./context.ts"
import { partitionOf, type Tape } from "./tape.ts"

/** The real intake has no limit; the specification of the connector fixes this one. */
const batch_events_max = 1_000

const offset_member = /"offset"\s*:\s*(\d{1,15})\b/g

/** An event of a batch, found on a tape. */
interface Found {
  readonly tape: Tape
  readonly index: number
}

/** The routes of a Sekoia intake. */
export function intakeRoutes(sim: SimContext): Hono {
  const app = new Hono()
  const intake = new Intake(sim)
  app.post(`${sim.settings.intake_prefix}/batch`, (c) => intake.batch(c))
  return app
}

class Intake {
  #ids_given = 0
  #received = Buffer.alloc(64 * 1024)
  #expected = Buffer.alloc(64 * 1024)

  readonly sim: SimContext

  constructor(sim: SimContext) {
    this.sim = sim
  }

  async batch(c: Context): Promise<Response> {
    const { settings, clock } = this.sim
    const fault = await struck(this.sim, "intake", undefined, c.req.raw)
    if (fault instanceof Response) return this.#counted(fault)
    const answer = await this.#receive(c)
    if (fault === "accept_then_fail" && answer.ok) return this.#refuse(c, 500, "internal server error")
    if (settings.intake_delay_ms > 0) await clock.sleep(settings.intake_delay_ms, c.req.raw.signal)
    return answer
  }

  /** Checks a batch and takes it as a whole or not at all. */
  async #receive(c: Context): Promise<Response> {
    const { settings, ledger } = this.sim
    const body = new Uint8Array(await c.req.arrayBuffer())
    ledger.intake.body_bytes_max = Math.max(ledger.intake.body_bytes_max, body.length)
    if (body.length > settings.intake_body_bytes_max) {
      this.#violation(`a body of ${body.length} bytes`)
      return this.#refuse(c, 413, "payload too large")
    }
    if (settings.intake_check === "none") return this.#accept(c, 0)
    if (settings.intake_check === "count") return this.#skim(c, body)
    const batch = parseBatch(body)
    if (batch === undefined) return this.#refuse(c, 400, "the body must be JSON: intake_key, and jsons (strings)")
    if (batch.intake_key !== settings.intake_key) return this.#refuse(c, 401, "The intake key is invalid")
    if (this.#tooLong(batch)) {
      return this.#refuse(c, 400, `an event is longer than ${settings.intake_event_chars_max} characters`)
    }
    const found = batch.events.map((event) => this.#find(event))
    const refused = this.#poisoned(c, found)
    if (refused !== undefined) return refused
    this.#record(batch, found)
    return this.#accept(c, found.length)
  }

  /** Takes a batch without parsing its events: only their offsets are read. */
  #skim(c: Context, body: Uint8Array): Response {
    const { settings, ledger, clock } = this.sim
    const { intake_key, offsets } = skimBatch(body)
    if (intake_key !== settings.intake_key) return this.#refuse(c, 401, "The intake key is invalid")
    const found = offsets.map((offset) => this.#locate(offset)).filter((event) => event !== undefined)
    const refused = this.#poisoned(c, found)
    if (refused !== undefined) return refused
    for (const { tape, index } of found) ledger.delivered(tape, index, true, clock.now())
    return this.#accept(c, found.length)
  }

  #accept(c: Context, events: number): Response {
    const { intake } = this.sim.ledger
    intake.batches++
    intake.events += events
    intake.batch_events_max = Math.max(intake.batch_events_max, events)
    if (events > batch_events_max) this.#violation(`a batch of ${events} events`)
    return c.json({ event_ids: Array.from({ length: events }, () => this.#id()) }, 200)
  }

  /** Refuses a batch with an event that the intake cannot bear. */
  #poisoned(c: Context, found: readonly (Found | undefined)[]): Response | undefined {
    const kinds = found.map((event) => event?.tape.poison(event.index))
    if (kinds.includes("intake_too_large")) return this.#refuse(c, 413, "payload too large")
    if (kinds.includes("intake_refuses")) return this.#refuse(c, 400, "an event was refused")
    return undefined
  }

  #record(batch: Batch, found: readonly (Found | undefined)[]): void {
    const { ledger, clock } = this.sim
    const now = clock.now()
    for (const [position, event] of found.entries()) {
      if (event === undefined) this.#stranger(batch.texts()[position]!)
      else {
        ledger.delivered(event.tape, event.index, this.#intact(batch, position, event), now)
        ledger.vertices.detection(batch.events[position]!)
      }
    }
  }

  /** An event that is on no tape. */
  #stranger(text: string): void {
    const { intake, vertices } = this.sim.ledger
    vertices.stranger(text)
    try {
      const value: unknown = JSON.parse(text)
      if (typeof value !== "object" || value === null) intake.not_json++
      else if (text.search(offset_member) >= 0) intake.unknown++
      else intake.without_offset++
    } catch {
      intake.not_json++
    }
  }

  /** The event with an offset that stands in the text. */
  #find(text: string): Found | undefined {
    for (const [, digits] of text.matchAll(offset_member)) {
      const found = this.#locate(Number(digits))
      if (found !== undefined) return found
    }
    return undefined
  }

  #locate(offset: number): Found | undefined {
    const tape = this.sim.tapes.get(partitionOf(offset))
    const index = tape?.indexOf(offset)
    if (tape === undefined || index === undefined) return undefined
    return index < tape.head(this.sim.clock.now()) ? { tape, index } : undefined
  }

  /** Compares the bytes that came with those of the tape. */
  #intact(batch: Batch, position: number, { tape, index }: Found): boolean {
    const expected = this.#render(tape, index)
    const event = batch.events[position]!
    if (this.#received.length < 3 * event.length) this.#received = Buffer.alloc(3 * event.length)
    const length = this.#received.write(event, batch.encoding)
    if (expected.equals(this.#received.subarray(0, length))) return true
    return batch.encoding === "latin1" && expected.equals(Buffer.from(batch.texts()[position]!))
  }

  #render(tape: Tape, index: number): Buffer {
    if (tape.poison(index) !== undefined) return Buffer.from(tape.bytes(index))
    if (this.#expected.length < tape.event_bytes_max) this.#expected = Buffer.alloc(tape.event_bytes_max)
    return this.#expected.subarray(0, tape.writeEvent(index, this.#expected, 0))
  }

  #tooLong(batch: Batch): boolean {
    const most = this.sim.settings.intake_event_chars_max
    if (batch.events.every((event) => event.length <= most)) return false
    return batch.texts().some((event) => event.length > most && [...event].length > most)
  }

  #refuse(c: Context, status: 400 | 401 | 413 | 500, message: string): Response {
    return this.#counted(c.json({ message }, status))
  }

  #counted(response: Response): Response {
    const { refused } = this.sim.ledger.intake
    refused[response.status] = (refused[response.status] ?? 0) + 1
    return response
  }

  #violation(what: string): void {
    this.sim.ledger.violation(what, this.sim.clock.now())
  }

  #id(): string {
    const number = (this.#ids_given++).toString(16).padStart(12, "0")
    return `00000000-0000-4000-8000-${number}`
  }
}
