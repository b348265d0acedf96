/**
 * What somebody wants to know of an event beside its offset: the places of a few values in it, noted while the line is scanned
 * anyway. Parsing such a line costs five times as much as scanning it.
 */
import { ascii, matches } from "./tokens.ts"

const decoder = new TextDecoder()

/** The fields of the line that was scanned last. */
export class RecordedFields {
  /** The values stand in the notes. Else the line is written in an unusual way: parse it. */
  taken = false
  private readonly types: readonly Uint8Array[]
  private readonly words: readonly Uint8Array[]
  /** By the length of a key: whether any field is as long. Most keys are none of ours. */
  private readonly lengths = new Uint8Array(256)
  private readonly starts: Int32Array
  private readonly ends: Int32Array

  private readonly fields: readonly string[]

  /** Values of `event.<field>` are noted in events of these types; types and fields are ASCII. */
  constructor(types: readonly string[], fields: readonly string[]) {
    this.fields = fields
    this.types = types.map(ascii)
    this.words = fields.map(ascii)
    for (const field of fields) this.lengths[field.length] = 1
    this.starts = new Int32Array(fields.length)
    this.ends = new Int32Array(fields.length)
  }

  /** An object `event` begins in a line whose type stands there, if it was told yet. True when its fields may be wanted. */
  begin(src: Uint8Array, type_start: number, type_end: number): boolean {
    this.clear()
    const length = type_end - type_start
    this.taken = length === 0 || this.types.some((type) => matches(src, type_start, length, type))
    return this.taken
  }

  /** Of two objects `event` the last one counts, as in `JSON.parse`. */
  clear(): void {
    this.ends.fill(0)
  }

  /** Which of the fields a key is, -1 for none. */
  field(src: Uint8Array, at: number, length: number): number {
    if (this.lengths[length] !== 1) return -1
    for (let n = 0; n < this.words.length; n++) if (matches(src, at, length, this.words[n]!)) return n
    return -1
  }

  /** The JSON text of a field's value; `end` 0 for an object or a list, which nobody wants. */
  record(field: number, start: number, end: number): void {
    this.starts[field] = start
    this.ends[field] = end
  }

  /** The values by field; without those that are not there, or are objects or lists. */
  read(src: Uint8Array): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (let n = 0; n < this.fields.length; n++) {
      const end = this.ends[n]!
      if (end > 0) values[this.fields[n]!] = JSON.parse(decoder.decode(src.subarray(this.starts[n]!, end)))
    }
    return values
  }
}
