import { company, world } from "../events/world.ts"
import { hostEntity } from "./host-entity.ts"

const multiplier = 0x9e3779b1
/** `multiplier * inverse` is 1 in 32 bits. */
const inverse = [1, 2, 3, 4, 5].reduce((found) => Math.imul(found, 2 - Math.imul(multiplier, found)), multiplier)

const day_ms = 86_400_000

/** What calls did to a host. */
interface Done {
  readonly status: string
  readonly changed_ms: number
  readonly filesystem_contained: boolean
  readonly hidden: boolean
  readonly tags: readonly string[]
}

const nothing_done: Done = {
  status: "normal",
  changed_ms: Number.NEGATIVE_INFINITY,
  filesystem_contained: false,
  hidden: false,
  tags: [],
}

/** A change of a host that was made by hand. */
interface Change {
  readonly revision: number
  readonly modified_ms: number
}

/**
 * Hosts that are made up from the seed and their index whenever somebody looks. Only what was changed by hand is kept. The id
 * holds the index, so that a host is found by its id without a table.
 */
export class Fleet {
  #size: number
  readonly #original: number
  readonly #changes = new Map<number, Change>()
  readonly #gone = new Set<number>()

  readonly seed: number
  readonly nameless: ReadonlySet<number>
  readonly started_ms: number

  constructor(seed: number, size: number, nameless: ReadonlySet<number>, started_ms: number) {
    this.seed = seed
    this.nameless = nameless
    this.started_ms = started_ms
    this.#size = size
    this.#original = size
  }

  /** Indexes run from 0 up to, but without, this. Some of them may be gone. */
  get size(): number {
    return this.#size
  }

  has(index: number): boolean {
    return index >= 0 && index < this.#size && !this.#gone.has(index)
  }

  id(index: number): string {
    const first = Math.imul(index ^ this.seed, multiplier)
    const rest = [1, 2, 3].map((word) => this.#bits(index, word))
    return [first, ...rest].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
  }

  /** The index of an id; -1 for one that is not of this fleet, or gone. */
  indexOf(id: string): number {
    const first = Number.parseInt(id.slice(0, 8), 16)
    const index = (Math.imul(first, inverse) ^ this.seed) >>> 0
    return this.has(index) && this.id(index) === id ? index : -1
  }

  modifiedMs(index: number): number {
    return (
      this.#changes.get(index)?.modified_ms ?? this.started_ms - day_ms + Math.floor((day_ms * index) / this.#original)
    )
  }

  firstSeenMs(index: number): number {
    return index < this.#original ? this.started_ms - 90 * day_ms + index * 1_000 : this.modifiedMs(index)
  }

  add(count: number, now: number): void {
    for (let added = 0; added < count; added++) this.#changes.set(this.#size++, { revision: 0, modified_ms: now })
  }

  /** Changes so many hosts, spread over the fleet: their agent was updated and they got another address. */
  change(count: number, now: number): void {
    for (const index of this.#spread(count)) {
      const revision = (this.#changes.get(index)?.revision ?? 0) + 1
      this.#changes.set(index, { revision, modified_ms: now })
    }
  }

  remove(count: number): void {
    for (const index of this.#spread(count, 1)) this.#gone.add(index)
  }

  /** A host as the API shows it; `done` is what calls did to it. */
  entity(index: number, done: Done = nothing_done) {
    const bits = this.#bits(index, 0)
    const platform = (["Windows", "Windows", "Linux", "Mac"] as const)[bits & 3]!
    const revision = this.#changes.get(index)?.revision ?? 0
    const modified = iso(Math.max(this.modifiedMs(index), done.changed_ms))
    const subnet = `10.${(index >> 16) & 255}.${(index >> 8) & 255}`
    return hostEntity({
      id: this.id(index),
      hostname: this.nameless.has(index) ? null : `FLT-${String(index).padStart(6, "0")}`,
      platform,
      is_server: (bits & 8) === 0,
      is_virtual: (bits & 16) !== 0,
      address: `${subnet}.${index & 255}`,
      gateway: `${subnet}.254`,
      external_address: `198.51.100.${1 + (revision % 200)}`,
      mac: macOf(index),
      domain: platform === "Windows" ? company.directory : "",
      user: null,
      groups: world.host_groups.filter((_, at) => (bits >> (4 + at)) & 1).map(({ id }) => id),
      tags: ["FalconGroupingTags/fleet", ...done.tags],
      status: done.status,
      filesystem_contained: done.filesystem_contained,
      hidden: done.hidden,
      agent_version: `7.20.${19_000 + revision}.0`,
      serial_number: `SN-${index.toString(16).padStart(8, "0")}`,
      first_seen: iso(this.firstSeenMs(index)),
      last_seen: modified,
      modified,
      last_reboot: iso(this.started_ms - 3 * day_ms - (bits & 0xffff) * 1_000),
    })
  }

  /** 32 bits that depend on the seed, the index and the word. */
  #bits(index: number, word: number): number {
    let bits = Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(word + 1, 0xc2b2ae35) ^ this.seed
    bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
    bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39)
    return bits ^ (bits >>> 15)
  }

  /** So many indexes, even distances apart; `shift` picks others than without it. */
  #spread(count: number, shift = 0): number[] {
    const present = Array.from({ length: this.#size }, (_, index) => index).filter((index) => this.has(index))
    const step = Math.max(1, Math.floor(present.length / Math.max(1, count)))
    return present.filter((_, at) => at % step === shift % step).slice(0, count)
  }
}

function macOf(index: number): string {
  const parts = [index >> 16, index >> 8, index].map((part) => (part & 255).toString(16).padStart(2, "0"))
  return `02-00-01-${parts.join("-")}`
}

function iso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
