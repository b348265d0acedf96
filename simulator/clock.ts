/** The simulator's only source of time. A test may pass a virtual one. */
export interface SimClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms`, or as soon as `signal` aborts. It never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The clock on the wall. */
export const live_clock: SimClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const finish = () => {
        clearTimeout(timer)
        signal?.removeEventListener("abort", finish)
        resolve()
      }
      const timer = setTimeout(finish, Math.max(0, ms))
      signal?.addEventListener("abort", finish)
    }),
}
