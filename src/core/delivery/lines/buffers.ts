/** The buffers of one partition's batches: none while it is quiet, as large as its batches while it is not. */
const bytes_first = 16 * 1_024
/** One for the batch being filled next, one that comes back meanwhile: with fewer, each batch of a busy stream makes its own. */
const spare_max = 2
/** A spare that is so many times larger than what is needed now was made for a burst, and is let go. */
const oversize = 8

export class Buffers {
  private readonly spare: Uint8Array[] = []
  /** The next batch will be about as large as the last one. */
  private expected_bytes = 0

  /** A buffer with room for `bytes` that begins with the first `used` bytes of this one. */
  grown(buffer: Uint8Array, used: number, bytes: number): Uint8Array {
    if (buffer.length === 0) {
      const spare = this.spare.pop()
      if (spare !== undefined && spare.length >= bytes) return spare
      return new Uint8Array(Math.max(bytes_first, bytes, 2 * this.expected_bytes))
    }
    const grown = new Uint8Array(Math.max(Math.ceil(buffer.length * 1.5), bytes))
    grown.set(buffer.subarray(0, used))
    return grown
  }

  /** A batch took so many bytes. */
  took(bytes: number): void {
    this.expected_bytes = bytes
  }

  /** Takes back the buffer of a batch that is done with. */
  giveBack(buffer: Uint8Array): void {
    if (buffer.length > oversize * Math.max(this.expected_bytes, bytes_first)) this.spare.length = 0
    else if (this.spare.length < spare_max) this.spare.push(buffer)
  }
}
