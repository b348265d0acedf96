/**
 * The sent index: a hash of the id and a hash of the content of every asset that was sent, in one typed array with open
 * addressing.
 * 17 bytes a slot and at most three quarters of the slots in use: 23 to 45 bytes an asset, whatever its id or content. For
 * 100 000 hosts that is 4.5 MB.
 *
 * Both hashes have 64 bits of SHA-256. Two ids with the same hash (one chance in 10^9 with 200 000 assets) would overwrite each
 * other and be sent in every pass: repeated, never lost.
 */
import { hash } from "node:crypto"

/** 64 bits. Never zero, which marks a free slot. */
export interface Hash {
  readonly high: number
  readonly low: number
}

export const hashOf = (text: string): Hash => {
  const digest = hash("sha256", text, "buffer")
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) || 1 }
}

/** Words of a slot: id high, id low, content high, content low. */
const words = 4
const slots_min = 1_024

const listed_flag = 1
const written_flag = 2
/** The bits above the flags count the listings in a row that did not have the asset. */
const absence = 4
const absences_counted_max = 63

const absencesIn = (mark: number): number => Math.floor(mark / absence)

export class SentIndex {
  private table = new Uint32Array(slots_min * words)
  private marks = new Uint8Array(slots_min)
  private used_slots = 0

  get size(): number {
    return this.used_slots
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.table.byteLength + this.marks.byteLength
  }

  has(id: string): boolean {
    return this.used(this.slotOf(hashOf(id)))
  }

  /** Whether this content was sent last. */
  holds(id: string, content: Hash): boolean {
    const slot = this.slotOf(hashOf(id))
    return this.used(slot) && this.contentIs(slot, content)
  }

  /** Records the content that was sent. */
  set(id: string, content: Hash): void {
    if (4 * (this.used_slots + 1) > 3 * this.marks.length) this.resize(2 * this.marks.length, () => true)
    const key = hashOf(id)
    const slot = this.slotOf(key)
    if (!this.used(slot)) this.used_slots++
    this.table.set([key.high, key.low, content.high, content.low], slot * words)
  }

  /** Begins a listing: nothing is listed yet. */
  beginListing(): void {
    for (let slot = 0; slot < this.marks.length; slot++) this.marks[slot]! &= ~(listed_flag | written_flag)
  }

  /** Marks the asset as listed. False when it is not in the index. */
  list(id: string): boolean {
    const slot = this.slotOf(hashOf(id))
    if (!this.used(slot)) return false
    this.marks[slot]! |= listed_flag
    return true
  }

  /** Whether the asset is marked as listed. */
  isListed(id: string): boolean {
    const slot = this.slotOf(hashOf(id))
    return this.used(slot) && (this.marks[slot]! & listed_flag) !== 0
  }

  /** How many assets are not marked as listed so far. */
  get unlisted(): number {
    let count = 0
    for (let slot = 0; slot < this.marks.length; slot++) {
      if (this.used(slot) && !(this.marks[slot]! & listed_flag)) count++
    }
    return count
  }

  /** Ends a listing that was complete. Returns how many assets were absent from so many listings in a row, and so count as gone. */
  endListing(absences_max: number): number {
    let gone = 0
    for (let slot = 0; slot < this.marks.length; slot++) {
      if (!this.used(slot)) continue
      const mark = this.marks[slot]!
      const absences = mark & listed_flag ? 0 : Math.min(absencesIn(mark) + 1, absences_counted_max)
      this.marks[slot] = (mark & listed_flag) | (absences * absence)
      if (absences >= absences_max) gone++
    }
    return gone
  }

  /** Whether the asset was absent from so many listings in a row. */
  isGone(id: string, absences_max: number): boolean {
    const slot = this.slotOf(hashOf(id))
    return this.used(slot) && absencesIn(this.marks[slot]!) >= absences_max
  }

  /** True for the first line of a file that says what is known now, false for all others about the same asset. */
  claim(id: string, content: Hash): boolean {
    const slot = this.slotOf(hashOf(id))
    if (!this.used(slot) || !this.contentIs(slot, content) || this.marks[slot]! & written_flag) return false
    this.marks[slot]! |= written_flag
    return true
  }

  /** Forgets everything. */
  clear(): void {
    this.resize(slots_min, () => false)
  }

  /** Forgets the assets that are gone. */
  forget(absences_max: number): void {
    this.resize(this.marks.length, (mark) => absencesIn(mark) < absences_max)
  }

  private used(slot: number): boolean {
    return this.table[slot * words + 1] !== 0
  }

  private contentIs(slot: number, content: Hash): boolean {
    return this.table[slot * words + 2] === content.high && this.table[slot * words + 3] === content.low
  }

  /** The slot of a key, or the free one where it belongs. */
  private slotOf(key: Hash): number {
    const last = this.marks.length - 1
    let slot = key.high & last
    while (this.used(slot) && !(this.table[slot * words] === key.high && this.table[slot * words + 1] === key.low)) {
      slot = (slot + 1) & last
    }
    return slot
  }

  /** Moves the slots whose marks are wanted into a new table; `slots` is a power of two. Makes no object for a slot: there are many. */
  private resize(slots: number, isWanted: (mark: number) => boolean): void {
    const [table, marks] = [this.table, this.marks]
    this.table = new Uint32Array(slots * words)
    this.marks = new Uint8Array(slots)
    this.used_slots = 0
    for (let slot = 0; slot < marks.length; slot++) {
      const from = slot * words
      const [high, low, mark] = [table[from]!, table[from + 1]!, marks[slot]!]
      if (low === 0 || !isWanted(mark)) continue
      const target = this.slotOf({ high, low })
      for (let word = 0; word < words; word++) this.table[target * words + word] = table[from + word]!
      this.marks[target] = mark
      this.used_slots++
    }
  }
}
