/**
 * The buffers of all partitions' batches. Together they hold about `buffers.bytes_max`: the less is left of it, the smaller a batch
 * stays. One that came back is used again while others are in use; a process at rest holds none.
 */
import { delivery, buffers as limits } from "../limits.ts"

/** Batches of a busy partition at one time: one is posted, one waits, one fills. */
export const batches_of_partition = 2 + delivery.batches_waiting_max

/** A spare that is so many times larger than what is needed was made for larger batches, and stays for them. */
const oversize = 8

export class BufferPool {
  /** The one that came back last stands last. */
  private readonly spare: Uint8Array[] = []
  private in_use = 0
  private in_use_bytes = 0
  private readonly bytes_max: number

  constructor(bytes_max: number = limits.bytes_max) {
    this.bytes_max = bytes_max
  }

  /** How much larger the buffer of one batch may become: its part of what is left, as large as that of the others of its partition. */
  get room_bytes(): number {
    return Math.max(0, this.bytes_max - this.in_use_bytes) / batches_of_partition
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
