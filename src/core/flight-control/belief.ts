/** Which children of a parent are believed to be there. Absence is not "none". */

import { flight_control as limits } from "./limits.ts"
import type { Children, ListDoubt, Listing } from "./list-children.ts"

/** What becomes of the children that were known once another listing has come. */
export interface Belief {
  readonly children: Children
  /** Why the listing is not believed yet, in a sentence; `undefined` when it is. */
  readonly doubt: string | undefined
}

/**
 * Holds listings against what was known. A child that is new is there at once. One that is missing is gone when it was missing in a row of
 * `absences_max` listings; when more than half of all are missing, or all, in a row of `collapses_max`. Pages whose order changes while they are
 * read hold one child twice and lack another: a doubtful listing tells who is there, and not who is gone. Listings that follow each other
 * faster than `doubt_ms`, because somebody reloads, may all hold one mistake of Falcon's: they count as one.
 */
export class ChildBelief {
  /** Listings in a row that lacked a child. */
  private readonly missing = new Map<string, number>()
  private collapses = 0
  private counted_ms = Number.NEGATIVE_INFINITY

  /** What to believe after this listing, which has come at a time of a clock that never goes back. */
  learn(known: Children, { children, doubt }: Listing, now_ms: number): Belief {
    // A name that could not be had is as it was.
    const listed = new Map([...children].map(([cid, name]) => [cid, name || (known.get(cid) ?? "")]))
    const absent = [...known.keys()].filter((cid) => !listed.has(cid))
    if (doubt !== undefined) {
      const both = [...new Map([...known, ...listed])].slice(0, limits.children_max)
      return { children: new Map(both), doubt: doubtAboutList[doubt](absent) }
    }
    for (const cid of [...this.missing.keys()]) if (!absent.includes(cid)) this.missing.delete(cid)
    const one = now_ms - this.counted_ms < limits.doubt_ms ? 0 : 1
    if (one === 1) this.counted_ms = now_ms
    for (const cid of absent) this.missing.set(cid, (this.missing.get(cid) ?? 0) + one)
    const is_collapse = absent.length > known.size / 2
    this.collapses = is_collapse ? this.collapses + one : 0
    const needed = is_collapse ? limits.collapses_max : limits.absences_max
    const times = (cid: string) => (is_collapse ? this.collapses : this.missing.get(cid)!)
    const kept = absent.filter((cid) => times(cid) < needed)
    const believed = new Map(listed)
    for (const cid of kept) believed.set(cid, known.get(cid)!)
    if (kept.length === 0) this.collapses = 0
    return { children: believed, doubt: kept.length === 0 ? undefined : doubtAbout(kept, known.size, needed) }
  }
}

const doubtAboutList: Readonly<Record<ListDoubt, (absent: readonly string[]) => string | undefined>> = {
  repeats: (absent) =>
    absent.length === 0
      ? undefined
      : `Falcon lists some children twice and does not list ${absent.length} that were known (${shortList(absent)}); they go on`,
  capped: () =>
    `Falcon has more children than the ${limits.children_max} that are followed: the others are not started, and none is taken for gone`,
  unpaged: () =>
    `Falcon lists ${limits.page} children or more and does not say how many there are: others may be missing, and none is taken for gone`,
}

const doubtAbout = (absent: readonly string[], known: number, needed: number): string =>
  `Falcon no longer lists ${absent.length} of ${known} children (${shortList(absent)}); they go on until it has said so ${needed} times in a row`

/** The first few, and how many more there are. */
export const shortList = (names: readonly string[]): string => {
  const more = names.length - limits.named_max
  return names.slice(0, limits.named_max).join(", ") + (more > 0 ? ` and ${more} more` : "")
}
