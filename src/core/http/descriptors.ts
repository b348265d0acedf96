/** The file descriptors of this process: how many it may have, and how many it has. Linux only. */
import { readFileSync, statSync } from "node:fs"
import { descriptors as bounds } from "./server/limits.ts"

export interface Descriptors {
  readonly used: number
  /** The soft limit of the process, which Bun raises to the hard one at its start; at most `descriptors.counted_max`. */
  readonly limit: number
}

let last_limit = Number.POSITIVE_INFINITY

/**
 * Looks without opening anything where that is possible: it has to work when no descriptor is left. `undefined` where the system
 * does not tell: before Linux 6.2, and elsewhere.
 */
export const readDescriptors = (): Descriptors | undefined => {
  const used = readUsed()
  if (used === 0) return undefined
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? []
    if (soft !== undefined) last_limit = Number(soft)
  } catch {
    // None left to read it with; it is what it was.
  }
  return { used, limit: Math.min(last_limit, bounds.counted_max) }
}

/** Since Linux 6.2 the size of this folder is the number of its entries. 0 where it is not told, or, under Deno, not permitted to ask. */
const readUsed = (): number => {
  try {
    return statSync("/proc/self/fd").size
  } catch {
    return 0
  }
}

/** How many descriptors are to stay free for delivery, of so many. */
export const reserveOf = (limit: number): number => Math.min(bounds.reserve, Math.floor(limit / 4))
