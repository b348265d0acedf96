/** The beginning of a line whose end has not come yet. */
const buffer_bytes_first = 4 * 1_024
/** A buffer that one long line has made larger is not kept: there is one for each partition. Most lines have a few kilobytes. */
const buffer_bytes_kept_max = 16 * 1_024

export class PartialLine {
  /** Holds the line up to {@link kept}. */
  buffer: Uint8Array = new Uint8Array()
  /** Bytes of the line that are kept. */
  kept = 0
  /** Bytes of the line on the stream; more than {@link kept} once it is too long to keep. */
  bytes = 0
  /** The line is whole but did not fit into the last batch. */
  is_whole = false

  private readonly line_bytes_max: number

  /** `line_bytes_max`: what is kept of a line at most. */
  constructor(line_bytes_max: number) {
    this.line_bytes_max = line_bytes_max
  }

  /** Adds what belongs to the line, as far as it is kept at all. */
  add(chunk: Uint8Array, start: number, end: number): void {
    const length = Math.min(end - start, this.line_bytes_max - this.kept)
    const needed = this.kept + length
    if (needed > this.buffer.length) {
      const room = Math.max(buffer_bytes_first, this.buffer.length * 2, needed)
      const grown = new Uint8Array(Math.min(room, Math.max(this.line_bytes_max, needed)))
      grown.set(this.buffer.subarray(0, this.kept))
      this.buffer = grown
    }
    this.buffer.set(chunk.subarray(start, start + length), this.kept)
    this.kept += length
    this.bytes += end - start
  }

  /** Forgets the line. */
  clear(): void {
    this.kept = 0
    this.bytes = 0
    this.is_whole = false
    if (this.buffer.length > buffer_bytes_kept_max) this.buffer = new Uint8Array()
  }
}
