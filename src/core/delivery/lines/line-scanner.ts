/**
 * One pass over the bytes of one line: is it a JSON object, where are the three facts delivery needs
 * (`metadata.offset`, `metadata.eventType`, `metadata.eventCreationTime`), and what does it look like as the inside of a
 * JSON string, which is how some destinations want each event (`["{\"metadata\":…}"]`).
 *
 * Why not `JSON.parse`: it costs as much again as everything else together, and it corrupts 64-bit numbers. Why one pass:
 * the escaping has to look at every byte anyway, and knowing whether a byte stands inside a string is all that a full
 * check of the grammar (RFC 8259) needs on top. Key order does not matter; of repeated keys the last one counts, as in
 * `JSON.parse`. `test/fuzz/lines.ts` holds it against `JSON.parse` on arbitrary bytes.
 */
import { isUtf8 } from "node:buffer"
import { delivery } from "../limits.ts"
import type { RecordedFields } from "./recorded-fields.ts"
import { ascii, escapable, isDigit, isHex, matches, numberEnd, plainBytes, wordEnd } from "./tokens.ts"

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `\\"`, as two bytes in little-endian order. */
const ESCAPED_QUOTE = 0x225c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/** What the grammar allows next. */
const VALUE = 0
const VALUE_OR_CLOSE = 1
const KEY_OR_CLOSE = 2
const KEY = 3
const COLON = 4
const COMMA_OR_CLOSE = 5
const END = 6

/** The key whose value is being read, where it is one of ours. */
const NONE = 0
const METADATA = 1
const OFFSET = 2
const EVENT_TYPE = 3
const CREATED = 4
const EVENT = 5
/** And from here on the fields that are noted. */
const FIELD = 6

/** What stands behind such a key. */
const STRING = 0
const TOKEN = 1
const NESTED = 2

const key_metadata = ascii("metadata")
const key_event = ascii("event")
const key_offset = ascii("offset")
const key_event_type = ascii("eventType")
const key_created = ascii("eventCreationTime")

const decoder = new TextDecoder()

/** The value itself when it is an integer from 0 to 2^53, or one in digits as text; else -1. */
const naturalNumber = (value: unknown): number => {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : -1
}

/**
 * Scans lines. The fields hold what the last {@link LineScanner.scan} found; they are fields and not a returned object
 * because this runs once per event.
 */
export class LineScanner {
  /** `metadata.offset`, or -1 when the line has none that is an integer from 0 to 2^53, as a number or as text. */
  offset = -1
  /** `metadata.eventCreationTime` in ms since the epoch, or -1. */
  created_ms = -1
  /** There is a `metadata` that is an object. */
  has_metadata = false
  /** Where the bytes of `metadata.eventType` stand in the source, without quotes; both 0 when absent. */
  type_start = 0
  type_end = 0

  /** A key or number of ours is written in a way the scan does not read (`"off\u0073et"`, `1e3`): then the line is parsed. */
  private unsure = false
  private readonly stack = new Uint8Array(delivery.nesting_max)
  private src: Uint8Array = new Uint8Array()
  private out: Uint8Array = new Uint8Array()
  /** `src` and `out` again, to read and write four bytes at once. */
  private from: DataView = new DataView(this.src.buffer)
  private to: DataView = new DataView(this.out.buffer)

  private readonly recorded: RecordedFields | undefined

  /** `recorded` tells of which events what else is wanted, and takes it. */
  constructor(recorded?: RecordedFields) {
    this.recorded = recorded
  }

  /**
   * Writes the escaped form of `src[start..end)` to `out` at `at`, for which `out` must have room for twice the line. Returns
   * where the writing ended, or -1 when the line is no JSON object in UTF-8 (what was written is then garbage).
   */
  // A string or number that the line does not end is read on into what follows it. No need to ask at every byte: a JSON
  // object ends with a brace, so whatever runs past `end` leaves the state unfinished and the line is refused.
  scan(src: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
    this.forget()
    this.unsure = false
    const { recorded } = this
    if (recorded !== undefined) recorded.taken = false
    const stack = this.stack
    let depth = 0
    let state = VALUE
    let key = NONE
    let in_metadata = false
    let in_event = false
    let seen = 0
    let i = start
    let o = at
    this.view(src, out)
    const { from, to } = this
    const words_end = end - 3
    while (i < end) {
      const byte = src[i]!
      if (byte === QUOTE) {
        const text_start = ++i
        let escaped = false
        to.setUint16(o, ESCAPED_QUOTE, true)
        o += 2
        for (;;) {
          for (let plain = 4; plain === 4 && i < words_end; i += plain, o += plain) {
            const word = from.getInt32(i, true)
            to.setInt32(o, word, true)
            seen |= word
            plain = plainBytes(word)
          }
          const c = src[i++]!
          if (c === QUOTE) break
          if (c === BACKSLASH) {
            escaped = true
            out[o++] = BACKSLASH
            out[o++] = BACKSLASH
            const e = src[i++]!
            if (e === 0x75) {
              if (!(isHex(src[i]) && isHex(src[i + 1]) && isHex(src[i + 2]) && isHex(src[i + 3]))) return -1
            } else if (escapable[e] === 0) return -1
            if (e === QUOTE || e === BACKSLASH) out[o++] = BACKSLASH
            out[o++] = e
            continue
          }
          // Not `c < 0x20`: this ends the loop at the end of the buffer, too.
          if (!(c >= 0x20)) return -1
          seen |= c
          out[o++] = c
        }
        const text_end = i - 1
        if (text_end >= end) return -1
        to.setUint16(o, ESCAPED_QUOTE, true)
        o += 2
        if (state === KEY || state === KEY_OR_CLOSE) {
          state = COLON
          if (src[i] === 0x3a) {
            out[o++] = src[i++]!
            state = VALUE
          }
          if (depth > 2) continue
          const length = text_end - text_start
          if (escaped) this.unsure = true
          if (depth === 1) {
            if (matches(src, text_start, length, key_metadata)) key = METADATA
            else key = matches(src, text_start, length, key_event) ? EVENT : NONE
          } else if (in_event) {
            const field = recorded!.field(src, text_start, length)
            key = field < 0 ? NONE : FIELD + field
          } else if (!in_metadata) key = NONE
          else if (matches(src, text_start, length, key_offset)) key = OFFSET
          else if (matches(src, text_start, length, key_event_type)) key = EVENT_TYPE
          else if (matches(src, text_start, length, key_created)) key = CREATED
          else key = NONE
        } else if (state === VALUE || state === VALUE_OR_CLOSE) {
          if (depth === 0) return -1
          if (key !== NONE && depth <= 2) this.keep(key, src, text_start, text_end, STRING)
          state = COMMA_OR_CLOSE
        } else return -1
        continue
      }
      if (byte === 0x3a) {
        if (state !== COLON) return -1
        state = VALUE
      } else if (byte === 0x2c) {
        if (state !== COMMA_OR_CLOSE) return -1
        state = stack[depth - 1] === OPEN_OBJECT ? KEY : VALUE
        if (depth === 1) key = NONE
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if ((state !== VALUE && state !== VALUE_OR_CLOSE) || depth >= stack.length) return -1
        if (depth === 0 && byte === OPEN_ARRAY) return -1
        if (depth === 1) {
          const is_object = byte === OPEN_OBJECT
          in_metadata = key === METADATA && is_object
          in_event = key === EVENT && is_object && recorded?.begin(src, this.type_start, this.type_end) === true
          if (key !== NONE && !in_event) this.keep(key, src, i, i, NESTED)
          if (in_metadata) this.has_metadata = true
        } else if (depth === 2 && key !== NONE) this.keep(key, src, i, i, NESTED)
        if (depth > 0) key = NONE
        stack[depth++] = byte
        state = byte === OPEN_OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        const opened = byte === CLOSE_OBJECT ? OPEN_OBJECT : OPEN_ARRAY
        const empty = byte === CLOSE_OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE
        if ((state !== COMMA_OR_CLOSE && state !== empty) || depth === 0 || stack[depth - 1] !== opened) return -1
        depth--
        key = NONE
        state = depth === 0 ? END : COMMA_OR_CLOSE
      } else if (byte === 0x20) {
        // a space between tokens
      } else if (byte === 0x09 || byte === 0x0d) {
        out[o++] = BACKSLASH
        out[o++] = byte === 0x09 ? 0x74 : 0x72
        i++
        continue
      } else {
        if ((state !== VALUE && state !== VALUE_OR_CLOSE) || depth === 0) return -1
        const token_end = byte === 0x2d || isDigit(byte) ? numberEnd(src, i) : wordEnd(src, i, end)
        if (token_end < 0) return -1
        if (key !== NONE && depth <= 2) this.keep(key, src, i, token_end, TOKEN)
        while (i < token_end) out[o++] = src[i++]!
        state = COMMA_OR_CLOSE
        continue
      }
      out[o++] = byte
      i++
    }
    if (state !== END) return -1
    if ((seen & 0x80808080) !== 0 && !isUtf8(src.subarray(start, end))) return -1
    if (this.unsure) {
      this.parse(src.subarray(start, end))
      if (recorded !== undefined) recorded.taken = false
    }
    return o
  }

  private view(src: Uint8Array, out: Uint8Array): void {
    if (src !== this.src) this.from = new DataView(src.buffer, src.byteOffset, src.byteLength)
    if (out !== this.out) this.to = new DataView(out.buffer, out.byteOffset, out.byteLength)
    this.src = src
    this.out = out
  }

  /** The type as text; empty when the line has none. */
  type(src: Uint8Array): string {
    if (this.type_end === this.type_start) return ""
    return JSON.parse(`"${decoder.decode(src.subarray(this.type_start, this.type_end))}"`)
  }

  /** The slow and certain way to the same facts. The type keeps the place the scan gave it. */
  private parse(line: Uint8Array): void {
    const metadata: unknown = JSON.parse(decoder.decode(line)).metadata
    this.has_metadata = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata)
    const facts = (this.has_metadata ? metadata : {}) as Record<string, unknown>
    this.offset = naturalNumber(facts.offset)
    this.created_ms = naturalNumber(facts.eventCreationTime)
  }

  /** The integer written there; anything but 1 to 15 plain digits is left to {@link parse}. */
  private integer(src: Uint8Array, at: number, end: number): number {
    if (at === end) return -1
    let value = 0
    for (let i = at; i < end; i++) {
      const byte = src[i]!
      if (!isDigit(byte) || end - at > 15) {
        this.unsure = true
        return -1
      }
      value = value * 10 + byte - 0x30
    }
    return value
  }

  private forget(): void {
    this.has_metadata = false
    this.offset = -1
    this.created_ms = -1
    this.type_start = 0
    this.type_end = 0
  }

  /** Takes the value of one of our keys; a value of another kind wipes an earlier one, since the last key counts. */
  private keep(key: number, src: Uint8Array, start: number, end: number, kind: number): void {
    if (key === OFFSET) this.offset = kind === NESTED ? -1 : this.integer(src, start, end)
    else if (key === CREATED) this.created_ms = kind === TOKEN ? this.integer(src, start, end) : -1
    else if (key === EVENT_TYPE) {
      this.type_start = kind === STRING ? start : 0
      this.type_end = kind === STRING ? end : 0
    } else if (key === METADATA) this.forget()
    else if (key === EVENT) this.recorded?.clear()
    else if (kind === STRING) this.recorded!.record(key - FIELD, start - 1, end + 1)
    else this.recorded!.record(key - FIELD, start, kind === TOKEN ? end : 0)
  }
}
