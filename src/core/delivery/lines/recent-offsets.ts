/**
 * Tells an event that Falcon repeats from one that comes late.
 *
 * Offsets rise along a partition, so nearly every event is answered by one comparison. Below the highest offset there are
 * two cases that must not be mixed up: Falcon sends again what it sent before (drop it), or it sends something out of
 * order that was never here (deliver it). A ring of the offsets last seen decides; what is older than the ring, or not
 * above the point where reading resumed, counts as a repeat.
 */
const size_first = 64

export class RecentOffsets {
  /** Highest offset seen or resumed from; -1 before the first. */
  highest: number
  /** Not above this: delivered by an earlier life of the process. */
  private readonly floor: number
  /** Grows up to its size: a quiet partition shall not cost what a busy one does. */
  private ring: Float64Array
  private next = 0
  private full = false

  private readonly size: number

  constructor(resume_offset: number, size: number) {
    this.size = size
    this.highest = resume_offset
    this.floor = resume_offset
    this.ring = new Float64Array(Math.min(size, size_first)).fill(-1)
  }

  isRepeat(offset: number): boolean {
    if (offset > this.highest) return false
    if (offset <= this.floor || this.ring.includes(offset)) return true
    return this.full && offset < this.oldest()
  }

  add(offset: number): void {
    if (offset > this.highest) this.highest = offset
    if (this.next === this.ring.length && this.next < this.size) this.grow()
    this.ring[this.next] = offset
    if (++this.next === this.size) {
      this.next = 0
      this.full = true
    }
  }

  private grow(): void {
    const grown = new Float64Array(Math.min(this.size, this.ring.length * 4)).fill(-1)
    grown.set(this.ring)
    this.ring = grown
  }

  private oldest(): number {
    return this.ring[this.next]!
  }
}
