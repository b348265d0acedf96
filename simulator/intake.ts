import { isAscii, isUtf8 } from "node:buffer"
import { type Context, Hono } from "hono"
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

/** A batch read twice: quickly, and, only if need be, as the text that it is. */
interface Batch {
  readonly intake_key: string
  /**
   * The events as strings that `encoding` turns into their bytes. Where the body holds more than ASCII, one character
   * stands for one byte: that is parsed three times as fast as text.
   */
  readonly events: readonly string[]
  readonly encoding: "utf8" | "latin1"
  /** The events as text. */
  texts(): readonly string[]
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

  constructor(readonly sim: SimContext) {}

  async batch(c: Context): Promise<Response> {
    const { settings, clock } = this.sim
    const fault = await struck(this.sim, "intake", undefined, c.req.raw)
    if (fault instanceof Response) return this.#counted(fault)
    const answer = await this.#take(c)
    if (fault === "accept_then_fail") return this.#refuse(c, 500, "internal server error")
    if (settings.intake_delay_ms > 0) await clock.sleep(settings.intake_delay_ms, c.req.raw.signal)
    return answer
  }

  /** Checks a batch and takes it as a whole or not at all. */
  async #take(c: Context): Promise<Response> {
    const { settings, ledger } = this.sim
    const body = new Uint8Array(await c.req.arrayBuffer())
    ledger.intake.body_bytes_max = Math.max(ledger.intake.body_bytes_max, body.length)
    if (body.length > settings.intake_body_bytes_max) {
      this.#violation(`a body of ${body.length} bytes`)
      return this.#refuse(c, 413, "payload too large")
    }
    if (settings.intake_check === "none") {
      ledger.intake.batches++
      return c.json({ event_ids: [] }, 200)
    }
    const batch = parseBatch(body)
    if (batch === undefined) return this.#refuse(c, 400, "the body must be JSON: intake_key, and jsons (strings)")
    if (batch.intake_key !== settings.intake_key) return this.#refuse(c, 401, "The intake key is invalid")
    if (this.#tooLong(batch)) {
      return this.#refuse(c, 400, `an event is longer than ${settings.intake_event_chars_max} characters`)
    }
    const found = batch.events.map((event) => this.#find(event))
    const kinds = found.map((event) => event?.tape.poison(event.index))
    if (kinds.includes("intake_too_large")) return this.#refuse(c, 413, "payload too large")
    if (kinds.includes("intake_refuses")) return this.#refuse(c, 400, "an event was refused")
    this.#record(batch, found)
    return c.json({ event_ids: batch.events.map(() => this.#id()) }, 200)
  }

  #record(batch: Batch, found: readonly (Found | undefined)[]): void {
    const { ledger, clock, settings } = this.sim
    const now = clock.now()
    const events = found.length
    ledger.intake.batches++
    ledger.intake.events += events
    ledger.intake.batch_events_max = Math.max(ledger.intake.batch_events_max, events)
    if (events > batch_events_max) this.#violation(`a batch of ${events} events`)
    for (const [position, event] of found.entries()) {
      if (event === undefined) {
        this.#stranger(batch.texts()[position]!)
        continue
      }
      const intact = settings.intake_check === "count" || this.#intact(batch, position, event)
      ledger.delivered(event.tape, event.index, intact, now)
    }
  }

  /** An event that is on no tape. */
  #stranger(text: string): void {
    const { intake } = this.sim.ledger
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
      const offset = Number(digits)
      const tape = this.sim.tapes.get(partitionOf(offset))
      const index = tape?.indexOf(offset)
      if (tape !== undefined && index !== undefined && index < tape.head(this.sim.clock.now())) return { tape, index }
    }
    return undefined
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

function parseBatch(body: Uint8Array): Batch | undefined {
  if (!isUtf8(body)) return undefined
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const parsed = parseBody(bytes.toString("latin1"))
  if (parsed === undefined) return undefined
  const { intake_key, jsons } = parsed
  if (isAscii(body)) return { intake_key, events: jsons, encoding: "utf8", texts: () => jsons }
  let texts: readonly string[] | undefined
  const parseTexts = () => {
    texts ??= parseBody(bytes.toString("utf8"))?.jsons ?? []
    return texts
  }
  return { intake_key, events: jsons, encoding: "latin1", texts: parseTexts }
}

function parseBody(text: string): { intake_key: string; jsons: string[] } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== "object" || value === null || !("intake_key" in value) || !("jsons" in value)) return undefined
    const { intake_key, jsons } = value
    if (typeof intake_key !== "string" || !Array.isArray(jsons)) return undefined
    return jsons.every((event) => typeof event === "string") ? { intake_key, jsons } : undefined
  } catch {
    return undefined
  }
}
