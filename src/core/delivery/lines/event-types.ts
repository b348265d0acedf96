/**
 * Counts the events of types that their destination does nothing with, by type. Runs per event: the bytes of the type, whose place the
 * scan has noted, are compared with those of types that were seen before; a text is made of a type only when it is seen first.
 */
import { cleanText } from "../../text.ts"
import { event_types as limits } from "../limits.ts"
import { ascii, matches } from "./tokens.ts"

/** In the place of the type of events without one. No type is written like that. */
export const no_type = "(no type)"
/** In the place of the types beyond the bounds. */
export const other_types = "(other types)"

interface Seen {
  readonly bytes: Uint8Array
  readonly type: string
  events: number
  /** As many of them were told by {@link EventTypes.takeNew}. */
  told: number
}

/** A type that is not routed, and how many events of it have come. */
interface NotRouted {
  readonly type: string
  readonly events: number
  /** Nobody was told of this type before. */
  readonly is_first: boolean
}

const decoder = new TextDecoder()
const seenFirst = (type: string, bytes = new Uint8Array()): Seen => ({ bytes, type, events: 0, told: 0 })

export class EventTypes {
  /** By the length of the type in bytes: those that are routed, and those that have come. */
  private readonly seen: Seen[][] = []
  /** Those that are not routed, in the order of their coming. */
  private readonly not_routed: Seen[] = []
  /** Stands for those beyond the bounds. */
  private readonly others = seenFirst(other_types)

  /** `routed`: the types that the destination does something with; ASCII. */
  constructor(routed: readonly string[]) {
    for (const type of routed) this.add(seenFirst(type, ascii(type)))
  }

  /** Counts an event whose type stands there, without its quotes; nothing stands there in an event without one. */
  count(src: Uint8Array, start: number, end: number): void {
    const length = end - start
    const alike = this.seen[length]
    for (let i = 0; alike !== undefined && i < alike.length; i++) {
      const one = alike[i]!
      if (matches(src, start, length, one.bytes)) {
        one.events++
        return
      }
    }
    this.countNew(src, start, end)
  }

  /** For each type how many events have come since this was asked last; types without any are left out. */
  takeNew(): readonly NotRouted[] {
    const news: NotRouted[] = []
    for (const one of [...this.not_routed, this.others]) {
      if (one.events > one.told) news.push({ type: one.type, events: one.events - one.told, is_first: one.told === 0 })
      one.told = one.events
    }
    return news
  }

  /** Every type that is not routed, those with most events first. */
  list(): readonly Pick<NotRouted, "type" | "events">[] {
    const come = [...this.not_routed, this.others].filter(({ events }) => events > 0)
    return come.map(({ type, events }) => ({ type, events })).sort((a, b) => b.events - a.events)
  }

  private countNew(src: Uint8Array, start: number, end: number): void {
    if (this.not_routed.length >= limits.types_max || end - start > limits.type_bytes_max) {
      this.others.events++
      return
    }
    const name = end === start ? no_type : cleanText(decoder.decode(src.subarray(start, end)), limits.type_bytes_max)
    const one = seenFirst(name, src.slice(start, end))
    this.add(one)
    this.not_routed.push(one)
    one.events++
  }

  private add(one: Seen): void {
    const { length } = one.bytes
    this.seen[length] ??= []
    this.seen[length].push(one)
  }
}
