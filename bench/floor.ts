/**
 * The floor: the least that any connector on this runtime has to do. Bytes from the feed are split at line ends, the
 * offset is looked up, and the escaped line goes straight into the body of the next post, while the one before is on its
 * way. No check of what comes, no commit, no retry.
 */
import { batch_events, intake_key, post, readAll } from "./client.ts"

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const encode = (text: string) => new TextEncoder().encode(text)
const head = encode(`{"intake_key":${JSON.stringify(intake_key)},"jsons":["`)
const separator = encode('","')
const tail = encode('"]}')
const offset_key = Buffer.from('"offset":')

/** One partition. */
class Floor {
  /** Highest offset read: what a real client would commit. */
  last_offset = -1
  private buffer = new Uint8Array(8 * 1_024 * 1_024)
  private spare = new Uint8Array(this.buffer.length)
  private at = 0
  private count = 0
  private posting = Promise.resolve()

  async read(feed: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    let rest: Uint8Array | undefined
    for (;;) {
      const { done, value } = await feed.read()
      if (done) break
      const bytes = rest === undefined ? value : Buffer.concat([rest, value])
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      let start = 0
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        this.line(chunk, start, chunk[end - 1] === CARRIAGE_RETURN ? end - 1 : end)
        start = end + 1
        if (this.count === batch_events) await this.send()
      }
      rest = start < chunk.length ? chunk.subarray(start) : undefined
    }
    if (this.count > 0) await this.send()
    await this.posting
  }

  private line(chunk: Buffer, start: number, end: number): void {
    if (end <= start) return
    if (this.at + 2 * (end - start) + 64 > this.buffer.length) throw new Error("a batch does not fit the buffer")
    this.last_offset = offsetOf(chunk, start)
    const out = this.buffer
    const opening = this.count === 0 ? head : separator
    out.set(opening, this.at)
    let at = this.at + opening.length
    for (let i = start; i < end; i++) {
      const byte = chunk[i]!
      if (byte === QUOTE || byte === BACKSLASH) out[at++] = BACKSLASH
      out[at++] = byte
    }
    this.at = at
    this.count++
  }

  /** Waits for the post before this one, starts this one, and lets the reading go on. */
  private async send(): Promise<void> {
    this.buffer.set(tail, this.at)
    const body = this.buffer.subarray(0, this.at + tail.length)
    await this.posting
    this.posting = post(body)
    const free = this.spare
    this.spare = this.buffer
    this.buffer = free
    this.at = 0
    this.count = 0
  }
}

/** The number behind the first `"offset":` from `start` on. */
const offsetOf = (chunk: Buffer, start: number): number => {
  let offset = 0
  for (let i = chunk.indexOf(offset_key, start) + offset_key.length; ; i++) {
    const digit = chunk[i]! - 0x30
    if (!(digit >= 0 && digit <= 9)) return offset
    offset = 10 * offset + digit
  }
}

await readAll((feed) => new Floor().read(feed))
