/**
 * The buffers of all partitions' batches. Together they hold about `buffers.bytes_max`: the less is left of it, the smaller a batch
 * stays. One that came back is used again while others are in use; a process at rest holds none.
 */
import { Context } from "effect"
import { buffers as limits } from "../limits.ts"

/** A spare that is so many times larger than what is needed was made for larger batches, and stays for them. */
const oversize = 8

export class BufferPool {
  /** The one that came back last stands last. */
  private readonly spare: Uint8Array[] = []
  private in_use = 0
  private in_use_bytes = 0

  /** How much larger the buffer of one batch may become: a third of what is left, since a busy partition has three. */
  get room_bytes(): number {
    return Math.max(0, limits.bytes_max - this.in_use_bytes) / 3
  }

  /** A buffer of at least `bytes`; of what is in it nothing is known. */
  take(bytes: number): Uint8Array {
    const fits = this.spare.findLastIndex(({ length }) => length >= bytes && length <= oversize * bytes)
    const buffer = fits < 0 ? new Uint8Array(bytes) : this.spare.splice(fits, 1)[0]!
    this.in_use++
    this.in_use_bytes += buffer.length
    return buffer
  }

  /** Takes back a buffer that nobody reads any more. Of the spares it keeps one more than are in use, and none when none is. */
  giveBack(buffer: Uint8Array): void {
    this.lose(buffer)
    this.spare.push(buffer)
    while (this.spare.length > (this.in_use === 0 ? 0 : this.in_use + 1)) free(this.spare.shift()!)
  }

  /** A buffer that was taken never comes back: a post may still read it. */
  lose({ length }: Uint8Array): void {
    this.in_use--
    this.in_use_bytes -= length
  }
}

/** Frees memory at once: the garbage collector comes late (docs/decisions/0005). */
const free = ({ buffer }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** The pool of the process. */
export const Pool = Context.Reference<BufferPool>("akonis/core/BufferPool", { defaultValue: () => new BufferPool() })
