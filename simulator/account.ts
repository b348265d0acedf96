import { Latencies, type Latency } from "./latencies.ts"
import type { Tape } from "./tape.ts"
import { type VertexAccount, VertexBook } from "./vertices.ts"

/** One partition, or the sum of all. */
export interface PartitionAccount {
  /** Events that exist and are retained, poison included. */
  available: number
  /** Distinct events written to a stream. */
  sent: number
  /** Distinct intact events that the intake took. */
  delivered: number
  /** Times that the intake took an event it already had. */
  repeated: number
  /** Deliveries whose bytes differ from what was sent. */
  corrupted: number
  /** First deliveries of an event after a later one of its partition. */
  out_of_order: number
  /** Intact events that the intake does not have, and the first few of their offsets. */
  undelivered: { events: number; offsets: number[] }
  /** Poisoned events that exist, and those that the intake took all the same. */
  poison: { expected: number; delivered: number }
}

/** What the intake saw besides events of the tape. */
export interface IntakeAccount {
  batches: number
  events: number
  batch_events_max: number
  body_bytes_max: number
  /** Requests that were refused, by status. */
  refused: Record<string, number>
  /** Events whose offset is on no tape. */
  unknown: number
  /** JSON objects without an offset, such as vertices. */
  without_offset: number
  not_json: number
}

/** Every event accounted for. */
export interface Account {
  partitions: Record<string, PartitionAccount>
  total: PartitionAccount
  intake: IntakeAccount
  /** Only with `intake_check: full`. */
  vertices: VertexAccount
  /** What a client did that the real intake does not promise to bear. */
  violations: { at_ms: number; what: string }[]
  delivered_ms: Latency
}

const sent_flag = 1
const delivered_flag = 2
const first_offsets = 10
/** More is never listed: enough to tell what was lost apart from what was set aside. */
const offsets_max = 100_000
const violations_kept = 100

/** What is known about the events of one partition. */
interface Sheet {
  /** One byte per index. */
  flags: Uint8Array
  sent: number
  delivered: number
  poison_delivered: number
  repeated: number
  corrupted: number
  out_of_order: number
  /** Highest index that the intake took. */
  latest: number
  /** Every intact event below is delivered. */
  low: number
}

/** Keeps book of what was sent and what came back. */
export class Ledger {
  readonly intake: IntakeAccount = {
    batches: 0,
    events: 0,
    batch_events_max: 0,
    body_bytes_max: 0,
    refused: {},
    unknown: 0,
    without_offset: 0,
    not_json: 0,
  }
  readonly vertices = new VertexBook()
  readonly violations: { at_ms: number; what: string }[] = []
  readonly #sheets = new Map<number, Sheet>()
  readonly latencies = new Latencies()

  readonly retention: number

  constructor(retention: number) {
    this.retention = retention
  }

  /** Event k of a partition was written to a stream. */
  sent(partition: number, index: number): void {
    const sheet = this.#sheet(partition, index)
    if ((sheet.flags[index]! & sent_flag) !== 0) return
    sheet.flags[index]! |= sent_flag
    sheet.sent++
  }

  /** The intake took event k. */
  delivered(tape: Tape, index: number, intact: boolean, now: number): void {
    const sheet = this.#sheet(tape.options.partition, index)
    if (!intact) sheet.corrupted++
    if ((sheet.flags[index]! & delivered_flag) !== 0) {
      sheet.repeated++
      return
    }
    sheet.flags[index]! |= delivered_flag
    if (tape.poison(index) === undefined) sheet.delivered++
    else sheet.poison_delivered++
    if (index < sheet.latest) sheet.out_of_order++
    sheet.latest = Math.max(sheet.latest, index)
    if (tape.isLive(index)) this.latencies.add(now - tape.createdMs(index))
  }

  /** A client did something it should not. */
  violation(what: string, at_ms: number): void {
    if (this.violations.length < violations_kept) this.violations.push({ at_ms, what })
  }

  /** The account as of `now`. */
  account(tapes: Iterable<Tape>, now: number): Account {
    const partitions: Record<string, PartitionAccount> = {}
    const total = emptyAccount()
    for (const tape of tapes) {
      const part = this.#partition(tape, now)
      partitions[tape.options.partition] = part
      addAccount(total, part)
    }
    return {
      partitions,
      total,
      intake: { ...this.intake, refused: { ...this.intake.refused } },
      vertices: this.vertices.account(),
      violations: [...this.violations],
      delivered_ms: this.latencies.sum(),
    }
  }

  /** The offsets of intact events that the intake does not have, by partition; 100 000 of each at most. */
  undelivered(tapes: Iterable<Tape>, now: number): Record<string, number[]> {
    const offsets: Record<string, number[]> = {}
    for (const tape of tapes) {
      const head = tape.head(now)
      const sheet = this.#sheet(tape.options.partition, Math.max(0, head - 1))
      offsets[tape.options.partition] = this.#undelivered(tape, sheet, head, offsets_max)
    }
    return offsets
  }

  #partition(tape: Tape, now: number): PartitionAccount {
    const head = tape.head(now)
    const sheet = this.#sheet(tape.options.partition, Math.max(0, head - 1))
    const poison = [...tape.options.poison.keys()].filter((index) => index >= this.retention && index < head).length
    const available = Math.max(0, head - this.retention)
    return {
      available,
      sent: sheet.sent,
      delivered: sheet.delivered,
      repeated: sheet.repeated,
      corrupted: sheet.corrupted,
      out_of_order: sheet.out_of_order,
      undelivered: { events: available - poison - sheet.delivered, offsets: this.#undelivered(tape, sheet, head) },
      poison: { expected: poison, delivered: sheet.poison_delivered },
    }
  }

  /** The offsets of the first intact events that are not delivered. */
  #undelivered(tape: Tape, sheet: Sheet, head: number, most = first_offsets): number[] {
    const offsets: number[] = []
    sheet.low = Math.max(sheet.low, this.retention)
    for (let index = sheet.low; index < head && offsets.length < most; index++) {
      const closed = (sheet.flags[index]! & delivered_flag) !== 0 || tape.poison(index) !== undefined
      if (!closed) offsets.push(tape.offset(index))
      else if (offsets.length === 0) sheet.low = index + 1
    }
    return offsets
  }

  #sheet(partition: number, index: number): Sheet {
    let sheet = this.#sheets.get(partition)
    if (sheet === undefined) {
      const counts = { sent: 0, delivered: 0, poison_delivered: 0, repeated: 0, corrupted: 0, out_of_order: 0 }
      sheet = { flags: new Uint8Array(4096), ...counts, latest: -1, low: 0 }
      this.#sheets.set(partition, sheet)
    }
    if (index >= sheet.flags.length) {
      const grown = new Uint8Array(Math.max(index + 1, 2 * sheet.flags.length))
      grown.set(sheet.flags)
      sheet.flags = grown
    }
    return sheet
  }
}

/** An account of nothing, to add others to. */
export function emptyAccount(): PartitionAccount {
  return {
    available: 0,
    sent: 0,
    delivered: 0,
    repeated: 0,
    corrupted: 0,
    out_of_order: 0,
    undelivered: { events: 0, offsets: [] },
    poison: { expected: 0, delivered: 0 },
  }
}

/** Adds one account to another. */
export function addAccount(total: PartitionAccount, part: PartitionAccount): void {
  total.available += part.available
  total.sent += part.sent
  total.delivered += part.delivered
  total.repeated += part.repeated
  total.corrupted += part.corrupted
  total.out_of_order += part.out_of_order
  total.undelivered.events += part.undelivered.events
  total.undelivered.offsets.push(...part.undelivered.offsets.slice(0, first_offsets - total.undelivered.offsets.length))
  total.poison.expected += part.poison.expected
  total.poison.delivered += part.poison.delivered
}
