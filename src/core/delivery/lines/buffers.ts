/** The buffers that one partition's batches have from the pool: none while it is quiet, as large as its batches while it is not. */
import { buffers as limits } from "../limits.ts"
import type { BufferPool } from "./buffer-pool.ts"

const bytes_first = 16 * 1_024
/** Memory that nothing was written to costs nothing yet, so a buffer grows in few and large steps. */
const growth = 4
/** Room beyond the size of the last batch, as a share of it: the next one will be about as large. */
const reserve_share = 0.05

/**
 * The smallest power of two from `bytes` on. Sizes are powers of two, so that a buffer that comes back fits the next batch: made anew it
 * would be cleared, and of pages that the kernel has to clear before that.
 */
const powerOfTwo = (bytes: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, bytes)))

/** In the place of a buffer while there is none. */
export const no_buffer: Uint8Array = new Uint8Array()

export class Buffers {
  private readonly held = new Set<Uint8Array>()
  private expected_bytes = 0

  private readonly pool: BufferPool
  private readonly partBytes: () => number

  /** `partBytes`: what one batch of the partition may hold now, however much the others do. */
  constructor(pool: BufferPool, partBytes = () => 0) {
    this.pool = pool
    this.partBytes = partBytes
  }

  /** Whether a buffer of this size may grow to hold so many bytes. It doubles at least: what was written is copied each time. */
  mayGrow(length: number, bytes: number): boolean {
    return this.most(length) >= Math.max(bytes, 2 * length)
  }

  /** A buffer with room for `bytes` that begins with the first `used` bytes of this one, which is given back. */
  grown(buffer: Uint8Array, used: number, bytes: number): Uint8Array {
    const wanted = buffer.length === 0 ? (1 + reserve_share) * this.expected_bytes : growth * buffer.length
    const most = this.most(buffer.length)
    const size = powerOfTwo(wanted)
    const grown = this.take(Math.max(bytes, bytes_first, size <= most ? size : powerOfTwo(most / 2)))
    if (buffer.length === 0) return grown
    grown.set(buffer.subarray(0, used))
    this.giveBack(buffer)
    return grown
  }

  /** A batch took so many bytes. */
  took(bytes: number): void {
    this.expected_bytes = bytes
  }

  /** Takes back the buffer of a batch that is done with; gives what stands in its place, which holds nothing. */
  giveBack(buffer: Uint8Array): Uint8Array {
    if (this.held.delete(buffer)) this.pool.giveBack(buffer)
    return no_buffer
  }

  /** The partition ends; what it still has nobody else gets, since a post that was broken off may still read it. */
  close(): void {
    for (const buffer of this.held) this.pool.lose(buffer)
    this.held.clear()
  }

  /** How large a buffer of this size may become: by what the others leave now, and at least the partition's own part. */
  private most(length: number): number {
    return Math.max(limits.batch_bytes_min, this.partBytes(), length + this.pool.room_bytes)
  }

  private take(bytes: number): Uint8Array {
    const buffer = this.pool.take(bytes)
    this.held.add(buffer)
    return buffer
  }
}
