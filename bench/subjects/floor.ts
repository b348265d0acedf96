/**
 * The floor: what it costs to read, split, escape and post in plain code, without checking that a line is JSON, without
 * dropping repeats, without committing anything, without surviving a failure. One post is in flight while reading goes on.
 */
import { batch_events_max, type Feed, intake_key, listFeeds, open, post } from "./falcon.ts"

const prefix = new TextEncoder().encode(`{"intake_key":${JSON.stringify(intake_key)},"jsons":["`)
const between = new TextEncoder().encode('","')
const suffix = new TextEncoder().encode('"]}')
const offset_key = Buffer.from('"offset":')
const flush_ms = 1_000

/** Escaped events, joined, ready to post. */
class Body {
  buffer = new Uint8Array(8 * 1024 * 1024)
  at = 0
  count = 0
  last_offset = 0

  constructor() {
    this.clear()
  }

  clear(): void {
    this.buffer.set(prefix)
    this.at = prefix.length
    this.count = 0
  }

  add(src: Uint8Array, start: number, end: number): void {
    if (this.at + 2 * (end - start) + 16 > this.buffer.length) {
      const grown = new Uint8Array(2 * this.buffer.length + 2 * (end - start))
      grown.set(this.buffer.subarray(0, this.at))
      this.buffer = grown
    }
    const out = this.buffer
    let o = this.at
    if (this.count > 0) {
      out.set(between, o)
      o += between.length
    }
    for (let i = start; i < end; i++) {
      const byte = src[i]!
      if (byte === 0x22 || byte === 0x5c) out[o++] = 0x5c
      out[o++] = byte
    }
    this.at = o
    this.count++
  }

  whole(): Uint8Array {
    this.buffer.set(suffix, this.at)
    return this.buffer.subarray(0, this.at + suffix.length)
  }
}

const offsetIn = (line: Buffer): number => {
  let i = line.indexOf(offset_key) + offset_key.length
  let value = 0
  for (let byte = line[i]!; byte >= 0x30 && byte <= 0x39; byte = line[++i]!) value = value * 10 + byte - 0x30
  return value
}

const run = async (feed: Feed): Promise<void> => {
  const reader = await open(feed)
  let filling = new Body()
  let spare = new Body()
  let posting: Promise<void> = Promise.resolve()
  let carry: Uint8Array | undefined

  const flush = async (): Promise<void> => {
    await posting
    const full = filling
    filling = spare
    spare = full
    filling.clear()
    posting = post(full.whole())
  }
  setInterval(() => filling.count > 0 && flush(), flush_ms)

  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const chunk: Buffer =
      carry === undefined ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.concat([carry, value])
    carry = undefined
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const line_end = chunk[end - 1] === 0x0d ? end - 1 : end
      if (line_end > start) {
        filling.last_offset = offsetIn(chunk.subarray(start, line_end))
        filling.add(chunk, start, line_end)
        if (filling.count === batch_events_max) await flush()
      }
      start = end + 1
    }
    if (start < chunk.length) carry = chunk.subarray(start)
  }
}

await Promise.all((await listFeeds()).map(run))
