/**
 * Compares what Falcon sent with what the intake took and what the dead letters hold, at every step: whatever breaks a
 * guarantee is reported at the moment at which it breaks.
 */
import { delivery, enrichment_queue } from "../../../src/core/delivery/limits.ts"
import type { MemoryDisk } from "../../support/memory-disk.ts"
import type { Scenario } from "../generate/scenario.ts"
import type { Detection } from "../model/graph.ts"
import type { Log, LogEvent } from "../model/workload.ts"
import type { Book, Fate, Post, Progress } from "./books.ts"
import type { EnrichmentOracle, Vertex } from "./enrichment-oracle.ts"
import { type Letter, Letters, parseObject } from "./letters.ts"
import { PutOff } from "./put-off.ts"
import type { RefusalsOracle } from "./refusals-oracle.ts"

export type Break = (rule: string, what: string, partition?: number) => void

export class DeliveryOracle {
  private readonly books: readonly Book[]
  private readonly by_text = new Map<string, Fate>()
  private readonly letters: Letters
  private life = 0
  private posts = 0

  private readonly scenario: Scenario
  private readonly disk: MemoryDisk
  private readonly data_dir: string
  private readonly broken: Break
  private readonly enrichments: EnrichmentOracle
  private readonly refusals: RefusalsOracle
  private readonly nowMs: () => number

  constructor(
    logs: readonly Log[],
    scenario: Scenario,
    disk: MemoryDisk,
    data_dir: string,
    broken: Break,
    enrichments: EnrichmentOracle,
    refusals: RefusalsOracle,
    nowMs: () => number,
  ) {
    this.nowMs = nowMs
    this.scenario = scenario
    this.disk = disk
    this.data_dir = data_dir
    this.broken = broken
    this.enrichments = enrichments
    this.refusals = refusals
    this.letters = new Letters(disk, data_dir)
    this.books = logs.map((log) => ({
      log,
      fates: log.events.map((event) => this.fateOf(event)),
      settled: 0,
      latest: -1,
      committed: -1,
      committed_position: -1,
      last_offset: lastOffset(log.events),
      is_anew: false,
      given: -1,
      chunk_events_max: 0,
      repeated: 0,
      recorded_again: 0,
      put_off: new PutOff(),
    }))
  }

  /** A process starts: from here on, what it has in hand may come twice, once. */
  started(life: number): void {
    // What is in there now was recorded by the process before.
    this.readLetters()
    this.life = life
    this.refusals.started()
    for (const book of this.books) {
      book.repeated = 0
      book.given = -1
    }
    this.readOffsets("start")
    this.enrichments.started(
      life,
      this.books.map(({ log, committed }) => log.positions.get(committed) ?? -1),
    )
  }

  /** Bytes up to the end of this event have been read. */
  given(last: LogEvent, count: number): void {
    const book = this.books[last.partition]!
    book.given = last.position
    // What comes below the stored offset is dropped as a repetition and not held, until somebody has deleted that offset.
    if (book.is_anew) return
    book.chunk_events_max = Math.max(book.chunk_events_max, count)
    // One batch is posted, one waits, one fills; each may hold as many lines again that are to be dead letters.
    const batches =
      3 * this.scenario.batch_events_max * (this.scenario.partitions[last.partition]!.poison_share > 0 ? 2 : 1)
    const most =
      batches + 2 * book.chunk_events_max + this.refusals.extra(last.partition, this.scenario.batch_events_max)
    if (book.given - book.settled < most) return
    this.settle(book)
    const held = book.given - book.settled + 1
    if (held > most) this.broken("bounded", `${held} events are held in memory, ${most} at most may be`, last.partition)
  }

  /** What is in a request body; `undefined` when it is none. */
  parse(body: Uint8Array): Post | undefined {
    this.posts++
    if (body.length > delivery.batch_bytes_max) this.broken("bounded", `a body of ${body.length} bytes`)
    const { intake_key, jsons } = parseBody(body)
    if (!Array.isArray(jsons)) return undefined
    const events: LogEvent[] = []
    const vertices: Vertex[] = []
    for (const text of jsons) {
      const vertex = this.enrichments.find(text)
      if (vertex !== undefined) {
        vertices.push(vertex)
        continue
      }
      const fate = this.by_text.get(text)
      if (fate === undefined)
        this.broken("unchanged", `the intake gets what Falcon never sent: ${String(text).slice(0, 200)}`)
      else if (fate.event.goes_to === "dead_letters" && fate.event.refused_with === undefined)
        this.broken(
          "dead letters",
          `an event that no intake takes is posted: ${name(fate.event)}`,
          fate.event.partition,
        )
      if (fate !== undefined) events.push(fate.event)
    }
    if (events.length > this.scenario.batch_events_max) this.broken("bounded", `a batch of ${events.length} events`)
    if (new Set(events.map(({ partition }) => partition)).size > 1) this.broken("in order", "a batch of two partitions")
    this.enrichments.posted(vertices, events.length)
    const partition = events[0]?.partition ?? vertices[0]?.case.detection.partition
    if (partition !== undefined) this.refusals.posted(partition)
    return { events, vertices, key: intake_key }
  }

  /** The intake has taken these; whether the process will ever learn of it is another matter. */
  taken({ events, vertices }: Post): void {
    for (const event of events) this.took(this.fate(event), this.refusals.isProbe(event.partition, events.length))
    const partition = vertices[0]?.case.detection.partition
    const is_probe = vertices.length === 1 && partition !== undefined && this.refusals.isDoubted(partition)
    this.enrichments.taken(vertices, (detection) => this.isSafe(detection), is_probe)
  }

  /** And now it has learnt of it. */
  answered({ events, vertices }: Post): void {
    for (const event of events) this.fate(event).unanswered = false
    const partition = events[0]?.partition ?? vertices[0]?.case.detection.partition
    if (partition !== undefined) this.refusals.accepted(partition)
    if (events[0] !== undefined) this.books[events[0].partition]!.put_off.answered(events.length, this.nowMs())
    this.enrichments.answered(vertices)
  }

  /** The intake has refused what stood alone. */
  refused({ events, vertices }: Post): void {
    for (const one of [...events.map((event) => this.fate(event)), ...vertices]) one.refused_alone = true
    for (const event of events) this.refusals.refusedAlone(event.partition, this.fate(event))
    for (const vertex of vertices) this.refusals.refusedAlone(vertex.case.detection.partition, vertex)
  }

  /** `cache.json` has changed. */
  readOffsets(when: string): void {
    const text = this.disk.read(`${this.data_dir}/cache.json`)
    if (text === undefined) return
    const stored = parseObject(text)
    if (stored === undefined) {
      this.broken("offsets", `cache.json cannot be read (${when})`)
      return
    }
    for (const [root_url, offset] of Object.entries(stored)) {
      const partition = Number(root_url.slice(root_url.lastIndexOf("/") + 1))
      this.committed(this.books[partition]!, Number(offset))
    }
  }

  /** The offsets of a partition begin anew, and Falcon forgets what came before: what is not safe may never come. */
  begunAnew(partition: number): void {
    const book = this.books[partition]!
    const { log, fates } = book
    book.is_anew = true
    for (const fate of fates.slice(0, log.anew_from)) if (!isSettled(fate)) fate.forgotten = true
    const last_offset = lastOffset(log.events.slice(log.anew_from))
    book.last_offset = last_offset < 0 ? undefined : last_offset
  }

  /** Somebody has followed the advice of health: without its stored offset a partition is read from the oldest again. */
  offsetDeleted(partition: number): void {
    const book = this.books[partition]!
    const { fates, log } = book
    if (!book.is_anew) this.broken("health", "says that offsets began anew, which they did not", partition)
    book.committed = -1
    book.committed_position = -1
    book.latest = log.anew_from - 1
    book.settled = Math.min(book.settled, log.anew_from)
    for (const fate of fates.slice(log.anew_from)) fate.taken_in = 0
  }

  /** The disk may have forgotten what was not synced, offsets included. */
  crashed(): void {
    for (const book of this.books) book.committed = -1
  }

  /** How many events are where they belong; with vertices, and offsets stored that are the last of their partition. */
  progress(): Progress {
    let delivered = 0
    let stored = 0
    for (const book of this.books) {
      this.settle(book)
      delivered += book.settled
      if (isStored(book)) stored++
    }
    if (this.enrichments.progress().open > 0) this.readLetters()
    const { done, open } = this.enrichments.progress()
    const all_delivered = delivered === this.books.reduce((sum, { fates }) => sum + fates.length, 0)
    const complete = all_delivered && open === 0 && stored === this.books.length
    return { delivered, all_delivered, done: delivered + done + stored, complete, posts: this.posts }
  }

  /** What is missing, for people. */
  missing(): string {
    const uncommitted = this.books
      .filter((book) => book.settled === book.fates.length && !isStored(book))
      .map(({ committed, last_offset }) => `offset ${last_offset}, ${committed} is stored`)
    const missing = this.books
      .filter((book) => book.settled < book.fates.length)
      .map((book) => `${name(book.fates[book.settled]!.event)} and ${book.fates.length - book.settled - 1} after it`)
    const { open } = this.enrichments.progress()
    return [...missing, ...uncommitted, ...(open > 0 ? [`vertices of ${open} detections`] : [])].join("; ")
  }

  /** At the end: what is not done after all, and dead letters that should not be there. */
  finish(): void {
    this.readLetters()
    if (!this.progress().complete) this.broken("progress", `the process has stopped; missing: ${this.missing()}`)
    for (const { fates, log } of this.books) {
      for (const fate of fates) {
        const { event, dead_letters } = fate
        if (dead_letters === 0 || this.refusals.isConvicted(fate)) continue
        if (event.goes_to === "intake" || event.refused_with !== undefined)
          this.broken(
            "dead letters",
            `${name(event)} is among them, and was not refused twice with another one taken in between`,
            log.partition,
          )
      }
    }
  }

  private isSafe({ partition, position }: Detection): boolean {
    const { taken_in, refused_alone, dead_letters } = this.books[partition]!.fates[position]!
    return taken_in > 0 || refused_alone || dead_letters > 0
  }

  private fateOf(event: LogEvent): Fate {
    const fate = {
      event,
      taken_in: 0,
      unanswered: false,
      refused_alone: false,
      dead_letters: 0,
      recorded_in: 0,
      forgotten: false,
    }
    this.by_text.set(new TextDecoder().decode(event.bytes.subarray(0, line_kept)), fate)
    return fate
  }

  private fate({ partition, position }: LogEvent): Fate {
    return this.books[partition]!.fates[position]!
  }

  private took(fate: Fate, is_probe: boolean): void {
    const { event } = fate
    const book = this.books[event.partition]!
    if (fate.taken_in === 0) {
      // What was refused once leaves the order: it may be taken when it comes again.
      if (event.position < book.latest && !fate.refused_alone)
        this.broken("in order", `${name(event)} after ${name(book.fates[book.latest]!.event)}`, event.partition)
      // What tries an intake that refuses others may go before its turn; the others then keep theirs.
      if (!is_probe) book.latest = Math.max(book.latest, event.position)
      else if (event.position > book.latest + 1 || book.fates[book.latest]?.refused_alone)
        this.refusals.probed(event.partition)
    } else if (!event.tells_offset) {
      // Nothing tells such an event from another: it comes again with every connection before the next offset.
    } else if (fate.taken_in !== this.life) this.repeatedAfterStart(book)
    else if (!fate.unanswered && !(is_probe && this.refusals.isDoubted(event.partition)))
      this.broken("at least once, tightly", `${name(event)} twice, and the process lives`, event.partition)
    fate.taken_in = this.life
    fate.unanswered = true
    this.checkBehind(book)
  }

  /** What a crash would repeat. */
  private checkBehind(book: Book): void {
    const { graph, batch_events_max } = this.scenario
    const behind = book.latest - book.committed_position
    const most = enrichment_queue.events_behind_max + 4 * batch_events_max
    if (graph !== undefined && behind > most)
      this.broken("bounded", `${behind} events wait to be committed, ${most} at most may`, book.log.partition)
  }

  private repeatedAfterStart(book: Book): void {
    const { graph, batch_events_max } = this.scenario
    const early = this.refusals.probes(book.log.partition)
    const behind = graph === undefined ? 0 : enrichment_queue.events_behind_max
    const put_off = Math.min(book.put_off.events_max, batch_events_max)
    const most = batch_events_max + early + put_off + behind
    if (++book.repeated > most)
      this.broken(
        "at least once, tightly",
        `${book.repeated} events twice after a restart, at most ${most} may be`,
        book.log.partition,
      )
  }

  private committed(book: Book, offset: number): void {
    const { partition, positions } = book.log
    if (offset === book.committed) return
    if (offset < book.committed)
      this.broken("never backwards", `${offset} is stored after ${book.committed}`, partition)
    book.committed = offset
    const position = positions.get(offset)
    if (position === undefined) {
      this.broken("offsets", `${offset} is stored, which Falcon never sent`, partition)
      return
    }
    book.committed_position = position
    this.settle(book)
    this.followed(book, position)
    if (book.settled <= position)
      this.broken(
        "nothing lost",
        `${offset} is stored before ${name(book.fates[book.settled]!.event)} is safe`,
        partition,
      )
  }

  /** Nothing at or before this position waits for its vertices. */
  private followed({ log }: Book, position: number): void {
    const { partition } = log
    if (this.enrichments.waitsUpTo(partition, position) !== undefined) this.readLetters()
    const open = this.enrichments.waitsUpTo(partition, position)
    if (open !== undefined)
      this.broken("enrichment", `an offset is stored after detection ${open.id}, which waits for vertices`, partition)
  }

  private settle(book: Book): void {
    const { fates } = book
    while (isSettled(fates[book.settled])) book.settled++
    if (book.settled === fates.length) return
    const { event, refused_alone } = fates[book.settled]!
    if (event.goes_to === "intake" && !refused_alone) return
    if (this.readLetters()) this.settle(book)
  }

  /** Reads what is safe on the disk and new; false when there is nothing about an event. */
  private readLetters(): boolean {
    let found = false
    for (const letter of this.letters.next()) found = this.readLetter(letter) || found
    return found
  }

  /**
   * Whether a line without an offset may be recorded twice: the disk did not confirm it, Falcon counts anew or stopped listing its
   * partition, or a repetition begins with this very line, which nothing before it then places.
   */
  private mayForget({ event }: Fate): boolean {
    const { partition } = event
    const repeats = this.scenario.faults.filter(
      (fault) => fault.on === "stream" && fault.partition === partition && fault.do.kind === "repeat",
    )
    const book = this.books[partition]!
    if (repeats.length > 0 && ++book.recorded_again <= repeats.length) return true
    return this.scenario.faults.some(
      (fault) =>
        fault.on === "disk" ||
        fault.on === "list" ||
        (fault.on === "stream" && fault.partition === partition && fault.do.kind === "anew"),
    )
  }

  private readLetter(letter: Letter): boolean {
    const { raw } = letter
    if (this.enrichments.readLetter(letter)) return false
    const fate = this.by_text.get(new TextDecoder().decode(raw.subarray(0, line_kept)))
    if (fate === undefined) {
      this.broken("unchanged", `a dead letter that Falcon never sent: ${raw.subarray(0, 200)}`)
      return false
    }
    fate.dead_letters++
    const is_again = fate.recorded_in === this.life && !fate.event.tells_offset
    if (is_again && !this.mayForget(fate))
      this.broken("dead letters", `${name(fate.event)} is recorded twice, and the process lives`, fate.event.partition)
    fate.recorded_in = this.life
    return true
  }
}

const lastOffset = (events: readonly LogEvent[]): number =>
  Math.max(-1, ...events.filter(({ tells_offset }) => tells_offset).map(({ offset }) => offset))

const isStored = ({ committed, last_offset }: Book): boolean => last_offset === undefined || committed === last_offset

const isSettled = (fate: Fate | undefined): boolean =>
  fate !== undefined && (fate.taken_in > 0 || fate.dead_letters > 0 || fate.forgotten)

const line_kept = delivery.line_bytes_max

const name = ({ partition, position, offset }: LogEvent): string => `event ${partition}-${position} (offset ${offset})`

const parseBody = (body: Uint8Array): Record<string, unknown> => parseObject(new TextDecoder().decode(body)) ?? {}
