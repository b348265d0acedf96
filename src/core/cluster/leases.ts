/**
 * How the processes of a cluster share a tenant's rate: each has a lease of so many requests a second for a short time. What all leases that
 * run hold together is never more than the tenant's rate.
 */

interface Lease {
  /** Requests a second that the process could use. */
  readonly wants: number
  /** Requests a second that it may make. A process that uses less holds less: the others have it. */
  readonly per_second: number
  /** When it ends, by the database's clock. */
  readonly until_ms: number
}

/** By process. */
export type Leases = Readonly<Record<string, Lease>>

export interface Wish {
  readonly process: string
  readonly wants: number
}

export interface Lending {
  /** Requests a second of all processes together. */
  readonly per_second_max: number
  readonly lease_ms: number
}

/**
 * The leases once a process has asked: those that are over are gone, and it has what it wants, at most its fair share, at most what the others
 * have left. Who wants less than an equal part leaves the rest to the others. What another one holds beyond its share is free when that one
 * asks again.
 */
export const lend = (leases: Leases, { process, wants }: Wish, now_ms: number, bounds: Lending): Leases => {
  const others = Object.entries(leases).filter(([name, { until_ms }]) => name !== process && until_ms > now_ms)
  const taken = others.reduce((sum, [, { per_second }]) => sum + per_second, 0)
  const share = fairShare([wants, ...others.map(([, other]) => other.wants)], bounds.per_second_max)
  const per_second = Math.max(0, Math.min(wants, share, bounds.per_second_max - taken))
  return {
    ...Object.fromEntries(others),
    [process]: { wants, per_second, until_ms: now_ms + bounds.lease_ms },
  }
}

/** The most that each may have, so that nobody has more than another one who wants it, and as little as possible is left over: a whole number. */
const fairShare = (wanted: readonly number[], per_second_max: number): number => {
  let left = per_second_max
  let share = 0
  for (const [at, wants] of wanted.toSorted((one, other) => one - other).entries()) {
    share = Math.max(share, left / (wanted.length - at))
    left -= wants
  }
  return Math.floor(share)
}
