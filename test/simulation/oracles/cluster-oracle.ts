/**
 * Compares what Falcon sent with what the intake took and what the database holds, when several processes have the unit one after the other
 * and believe to have it at once. Knows of each epoch who began it, from which offsets, and what it delivered.
 */
import { enrichment_queue } from "../../../src/core/delivery/limits.ts"
import type { Scenario } from "../generate/scenario.ts"
import type { Graph } from "../model/graph.ts"
import type { StoreWatcher } from "../model/store.ts"
import type { Log, LogEvent } from "../model/workload.ts"
import type { Post } from "./books.ts"
import type { Break, DeliveryOracle } from "./delivery-oracle.ts"
import { EnrichmentOracle } from "./enrichment-oracle.ts"
import { letterOf, parseObject } from "./letters.ts"
import { type ClusterBook, newBook, newShare, type Turn } from "./turns.ts"

const decoder = new TextDecoder()

export class ClusterOracle {
  private readonly books: readonly ClusterBook[]
  private readonly by_text = new Map<string, LogEvent>()
  private readonly turns: Turn[] = []
  /** The epoch that a process believes to have. */
  private readonly under = new WeakMap<object, Turn>()
  /** By the events of a post: the epoch under which it was sent. */
  private readonly owners = new WeakMap<readonly LogEvent[], Turn>()
  /** Events that came more than once, and takeovers. */
  repeats = 0

  private readonly scenario: Scenario
  private readonly broken: Break
  private readonly now_ms: () => number

  /** What follows detections, where the enrichment runs. */
  readonly enrichments: EnrichmentOracle

  constructor(logs: readonly Log[], graph: Graph | undefined, scenario: Scenario, now_ms: () => number, broken: Break) {
    // Whoever loses the unit in order gives up what is open, as a process that stops does.
    const stops = { ...scenario, faults: [...scenario.faults, { on: "stop", at_ms: 0, down_ms: 0 } as const] }
    this.enrichments = new EnrichmentOracle(graph, logs, stops, broken)
    this.enrichments.started(1, [])
    this.scenario = scenario
    this.now_ms = now_ms
    this.broken = broken
    this.books = logs.map(newBook)
    for (const { events } of logs) for (const event of events) this.by_text.set(decoder.decode(event.bytes), event)
  }

  get takeovers(): number {
    return Math.max(0, this.turns.length - 1)
  }

  /** What happens in the database. */
  readonly watcher: StoreWatcher<object> = {
    onClaimed: (by, epoch) => this.claimed(by, epoch),
    onCommitted: (by, root_url, offset) => this.committed(by, root_url, offset),
    onWritten: (by, name, bytes) => this.written(by, name, bytes),
  }

  /** A process has learnt that it has begun this epoch. */
  began(by: object, epoch: number): void {
    const turn = this.turns.findLast((one) => one.by === by && one.epoch === epoch)
    if (turn !== undefined) this.under.set(by, turn)
  }

  /** What to call when the process has learnt that the epoch is over under which it works now: it posts nothing more. */
  over(by: object): () => void {
    const turn = this.under.get(by)
    return () => {
      if (turn !== undefined) turn.told_ms ??= this.now_ms()
    }
  }

  /** What the wire of one process asks. */
  deliveryOf(by: object): Pick<DeliveryOracle, "parse" | "taken" | "answered" | "refused"> {
    return {
      parse: (body) => this.parse(by, body),
      taken: (post) => this.took(post),
      answered: ({ events }) => this.answered(events),
      refused: ({ events }) =>
        this.broken("refusals", `the intake refuses ${events.map(name).join(", ")}, which it takes`),
    }
  }

  /** How far the run has come. */
  progress(): { readonly done: number; readonly complete: boolean } {
    for (const book of this.books) this.settle(book)
    const followed = this.enrichments.progress()
    const done = this.books.reduce((sum, { settled, committed }) => sum + settled + committed, followed.done)
    const complete =
      followed.open === 0 &&
      this.books.every((book) => book.settled === book.log.events.length && book.committed === book.last)
    return { done, complete }
  }

  missing(): string {
    const { open } = this.enrichments.progress()
    return this.books
      .filter((book) => book.settled < book.log.events.length || book.committed < book.last)
      .map(({ log, settled, committed, last }) =>
        settled < log.events.length
          ? `${name(log.events[settled]!)} and ${log.events.length - settled - 1} after it`
          : `partition ${log.partition}: position ${last}, ${committed} is stored`,
      )
      .concat(open > 0 ? [`vertices of ${open} detections`] : [])
      .join("; ")
  }

  finish(): void {
    if (!this.progress().complete) this.broken("progress", `all processes have stopped; missing: ${this.missing()}`)
    for (const { log, recorded } of this.books)
      for (const event of log.events)
        if (recorded[event.position]! > 0 && event.goes_to === "intake")
          this.broken("dead letters", `${name(event)} is among them, and the intake takes it`, log.partition)
  }

  private claimed(by: object, epoch: number): void {
    const before = this.turns.at(-1)
    if (before !== undefined && epoch <= before.epoch)
      this.broken("the fence", `a takeover begins epoch ${epoch} after epoch ${before.epoch}: two owners`)
    const shares = this.books.map(({ committed }) => newShare(committed))
    this.turns.push({ epoch, by, shares, told_ms: undefined })
    for (const [partition, share] of before?.shares.entries() ?? [])
      for (const position of share.taken) this.checkBeyond(before!, this.books[partition]!.log.events[position]!)
  }

  private parse(by: object, body: Uint8Array): Post | undefined {
    const { intake_key, jsons } = parseObject(decoder.decode(body)) ?? {}
    if (!Array.isArray(jsons)) return undefined
    const vertices = jsons.flatMap((text: string) => this.enrichments.find(text) ?? [])
    this.enrichments.posted(vertices, jsons.length - vertices.length)
    const events = jsons.flatMap((text: string) => {
      if (this.enrichments.find(text) !== undefined) return []
      const event = this.by_text.get(text)
      if (event === undefined) this.broken("unchanged", `the intake gets what Falcon never sent: ${text.slice(0, 200)}`)
      return event ?? []
    })
    const turn = this.under.get(by)
    const partition = events[0]?.partition
    if (turn === undefined) this.broken("the fence", "a process posts that has never claimed the unit", partition)
    else {
      this.owners.set(events, turn)
      if (turn.told_ms !== undefined && this.now_ms() > turn.told_ms)
        this.broken(
          "the fence",
          `a process posts under epoch ${turn.epoch}, of which it knows that it is over`,
          partition,
        )
    }
    return { events, vertices, key: intake_key }
  }

  private took({ events, vertices }: Post): void {
    const isSafe = ({ partition, position }: { readonly partition: number; readonly position: number }) =>
      this.books[partition]!.taken[position]!
    // A vertex may come again with a takeover, as its detection may.
    this.enrichments.taken(vertices, isSafe, true)
    const turn = this.owners.get(events)
    if (turn === undefined) return
    for (const event of events) this.tookOne(turn, event)
  }

  private tookOne(turn: Turn, event: LogEvent): void {
    const { partition, position, tells_offset } = event
    const book = this.books[partition]!
    const share = turn.shares[partition]!
    const under = `under epoch ${turn.epoch}`
    if (share.taken.has(position)) {
      if (tells_offset && !share.unanswered.has(position))
        this.broken("at least once, tightly", `${name(event)} twice ${under}`, partition)
    } else if (position < share.latest && tells_offset)
      this.broken("in order", `${name(event)} after position ${share.latest} ${under}`, partition)
    if (tells_offset && position <= share.from)
      this.broken(
        "at least once, tightly",
        `${name(event)} again ${under}, which began when it was stored already`,
        partition,
      )
    if (book.taken[position]) this.repeats++
    else if (tells_offset && position < book.latest)
      this.broken("in order", `${name(event)} for the first time after position ${book.latest}`, partition)
    book.taken[position] = true
    book.latest = Math.max(book.latest, position)
    share.taken.add(position)
    share.unanswered.add(position)
    share.latest = Math.max(share.latest, position)
    this.checkBeyond(turn, event)
  }

  /** What a takeover repeats: of each partition the batch in flight, and what shared a store with it, no more than one full batch. */
  private checkBeyond(turn: Turn, { partition, position, tells_offset }: LogEvent): void {
    const next = this.turns[this.turns.indexOf(turn) + 1]
    // What tells no offset cannot be stored.
    if (!tells_offset || next === undefined || position <= next.shares[partition]!.from) return
    const { beyond, put_off } = turn.shares[partition]!
    beyond.add(position)
    const { batch_events_max } = this.scenario
    const behind = this.scenario.graph === undefined ? 0 : enrichment_queue.events_behind_max
    const most = batch_events_max + Math.min(put_off.events_max, batch_events_max) + behind
    if (beyond.size > most)
      this.broken(
        "at least once, tightly",
        `epoch ${turn.epoch} delivered ${beyond.size} events that were not stored when epoch ${next.epoch} began, at most ${most} may be`,
        partition,
      )
  }

  private answered(events: readonly LogEvent[]): void {
    const turn = this.owners.get(events)
    const partition = events[0]?.partition
    if (turn === undefined || partition === undefined) return
    const { unanswered, put_off } = turn.shares[partition]!
    for (const { position } of events) unanswered.delete(position)
    put_off.answered(events.length, this.now_ms())
  }

  private isCurrent(by: object, what: string): void {
    const current = this.turns.at(-1)
    if (current?.by !== by)
      this.broken("the fence", `a process ${what} after another one has begun epoch ${current?.epoch ?? 0}`)
  }

  private committed(by: object, root_url: string, offset: number): void {
    const partition = Number(root_url.slice(root_url.lastIndexOf("/") + 1))
    const book = this.books[partition]!
    this.isCurrent(by, `stores offset ${offset}`)
    const position = book.log.positions.get(offset)
    if (position === undefined) {
      this.broken("offsets", `${offset} is stored, which Falcon never sent`, partition)
      return
    }
    if (position < book.committed)
      this.broken("never backwards", `position ${position} is stored after ${book.committed}`, partition)
    book.committed = position
    this.settle(book)
    const open = this.enrichments.waitsUpTo(partition, position)
    if (open !== undefined)
      this.broken("enrichment", `an offset is stored after detection ${open.id}, which waits for vertices`, partition)
    if (book.settled <= position)
      this.broken(
        "nothing lost",
        `${offset} is stored before ${name(book.log.events[book.settled]!)} is safe`,
        partition,
      )
  }

  private written(by: object, file: string, bytes: Uint8Array): void {
    this.isCurrent(by, `writes ${file}`)
    if (!file.startsWith("dead-letters/")) return
    for (const letter of decoder.decode(bytes).split("\n").flatMap(letterOf)) {
      if (this.enrichments.readLetter(letter)) continue
      const { raw } = letter
      const event = this.by_text.get(decoder.decode(raw))
      if (event === undefined) this.broken("unchanged", `a dead letter that Falcon never sent: ${decoder.decode(raw)}`)
      else this.books[event.partition]!.recorded[event.position]!++
    }
  }

  private settle(book: ClusterBook): void {
    const { taken, recorded, log } = book
    while (book.settled < log.events.length && (taken[book.settled] || recorded[book.settled]! > 0)) book.settled++
  }
}

const name = ({ partition, position, offset }: LogEvent): string => `event ${partition}-${position} (offset ${offset})`
