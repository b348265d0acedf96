/**
 * A small seeded generator (sfc32) for test data: the same seed draws the same values on every machine.
 * Not for secrets.
 */
export class Random {
  #a: number
  #b: number
  #c = 0
  #counter = 1

  /** `seed` may be any safe integer. */
  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 2 ** 32) | 0
    for (let round = 0; round < 15; round++) this.uint32()
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A number from 0 up to but without 1. */
  unit(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  /** An integer from `min` to `max`, both included, of any size up to 64 bits. */
  bigint(min: bigint, max: bigint): bigint {
    const drawn = (BigInt(this.uint32()) << 32n) | BigInt(this.uint32())
    return min + (drawn % (max - min + 1n))
  }

  /** True with the probability `p`. */
  chance(p: number): boolean {
    return this.unit() < p
  }

  /** One item of a list that is not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!
  }

  /** Up to `count` different items of a list, in drawn order. */
  sample<T>(items: readonly T[], count: number): T[] {
    return this.shuffle(items).slice(0, count)
  }

  /** `count` values of `make`, with `count` drawn from `min` to `max`. */
  list<T>(min: number, max: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(min, max) }, (_, index) => make(index))
  }

  /** A copy of the list in drawn order. */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.int(0, last)
      const item = copy[last]!
      copy[last] = copy[other]!
      copy[other] = item
    }
    return copy
  }

  /** `length` lower case hex digits. */
  hex(length: number): string {
    let text = ""
    while (text.length < length) text += this.uint32().toString(16).padStart(8, "0")
    return text.slice(0, length)
  }

  /** `length` decimal digits (at most 15), the first of them not 0. */
  digits(length: number): string {
    return String(this.int(10 ** (length - 1), 10 ** length - 1))
  }

  /** A UUID of version 4. */
  uuid(): string {
    const hex = this.hex(31)
    const tail = `${this.pick(["8", "9", "a", "b"])}${hex.slice(15, 18)}-${hex.slice(18, 30)}`
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${tail}`
  }

  /** A public looking IPv4 address, out of the ranges that RFC 5737 keeps for documentation. */
  ipv4(): string {
    return `${this.pick(["192.0.2", "198.51.100", "203.0.113"])}.${this.int(1, 254)}`
  }
}
