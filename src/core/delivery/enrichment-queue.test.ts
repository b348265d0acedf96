import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { CommitWindow } from "./commit-window.ts"
import type { Enricher, SourceEvent } from "./enricher.ts"
import { type Enrichment, EnrichmentQueue } from "./enrichment-queue.ts"

const named = (plugin_id: string): Enricher => ({
  plugin_id,
  event_types: [],
  fields: [],
  refOf: () => "",
  enrich: () => Effect.succeed([]),
})
const enricher = named("test")

const source = (offset: number): SourceEvent => ({
  enricher,
  offset,
  ref: "{}",
})

const events_behind_max = 10

const makeScene = () => {
  const window = new CommitWindow()
  const queue = new EnrichmentQueue(window, events_behind_max)
  /** Delivers a batch of five events up to `last_offset`, of which these are source events; gives what may be committed. */
  const deliver = (last_offset: number, offsets: readonly number[]): number => {
    const range = window.open(last_offset, 5)
    for (const _ of offsets) range.hold()
    queue.add(offsets.map(source), range)
    return window.release(range)
  }
  /** Ends them; gives what may be committed. */
  const end = (enrichments: readonly Enrichment[]): number => {
    const mine = queue.beginEnd(enrichments)
    const offset = queue.release(mine)
    queue.remove(mine)
    return offset
  }
  return { window, queue, deliver, end }
}

const offsets = (enrichments: readonly Enrichment[]) => enrichments.map(({ source }) => source.offset)

describe("the enrichment queue", () => {
  test("starts source events in the order of their offsets, and none once it is closed", () => {
    const { queue, deliver } = makeScene()
    deliver(4, [1, 3])
    deliver(9, [7])
    expect([queue.start(enricher), queue.start(enricher)].map((one) => one?.source.offset)).toEqual([1, 3])
    expect([queue.open, queue.hasWork(enricher)]).toEqual([3, true])
    queue.close()
    expect(queue.hasWork(enricher)).toBe(false)
    expect(queue.start(enricher)).toBeUndefined()
    expect(offsets(queue.stillOpen())).toEqual([1, 3, 7])
  })

  test("gives an enricher its own events only, past those that wait for another one", () => {
    const { queue, window } = makeScene()
    const other = named("other")
    const range = window.open(4, 5)
    for (const _ of [1, 2, 3]) range.hold()
    queue.add([source(1), { ...source(2), enricher: other }, source(3)], range)
    expect(queue.start(other)?.source.offset).toBe(2)
    expect([queue.hasWork(other), queue.start(other)]).toEqual([false, undefined])
    expect(queue.start(enricher)?.source.offset).toBe(1)
  })

  test("frees an offset only when everything up to it is over, in whatever order it ends", () => {
    const { queue, deliver, end } = makeScene()
    expect(deliver(4, [1, 3])).toBe(-1)
    expect(deliver(9, [7])).toBe(-1)
    const [first, second, third] = [queue.start(enricher)!, queue.start(enricher)!, queue.start(enricher)!]
    expect(end([third])).toBe(-1)
    expect(end([first])).toBe(-1)
    expect(end([second])).toBe(9)
    expect(queue).toMatchObject({ open: 0, isQuiet: true })
  })

  test("lets only the first who begins to end one do it", () => {
    const { queue, deliver, end } = makeScene()
    deliver(4, [1])
    const one = queue.start(enricher)!
    expect(queue.beginEnd([one])).toEqual([one])
    expect(queue).toMatchObject({ open: 0, isQuiet: false })
    expect(end([one])).toBe(-1)
    expect(queue.stillOpen()).toEqual([])
    expect(queue.release([one])).toBe(4)
    queue.remove([one])
    expect(end([one])).toBe(-1)
    expect(queue.isQuiet).toBe(true)
  })

  test("names the oldest as overdue once more events are uncommitted than may be, and no more than are needed", () => {
    const { queue, deliver, end } = makeScene()
    deliver(4, [1, 3])
    deliver(9, [7])
    expect(queue.overdue()).toEqual([])
    deliver(14, [11])
    expect(offsets(queue.overdue())).toEqual([1, 3])
    end(queue.overdue())
    expect(queue.overdue()).toEqual([])
  })

  test("is congested while what is being ended holds back too many events", () => {
    const { queue, deliver } = makeScene()
    deliver(4, [1])
    deliver(9, [])
    const mine = queue.beginEnd([queue.start(enricher)!])
    expect(queue.isCongested).toBe(false)
    deliver(14, [])
    expect(queue.overdue()).toEqual([])
    expect(queue.isCongested).toBe(true)
    expect(queue.release(mine)).toBe(14)
    expect(queue.isCongested).toBe(false)
  })
})
