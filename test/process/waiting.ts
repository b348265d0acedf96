/** Waiting that ends: every wait has a bound, and says what it waited for. */

/** Looks again and again until `probe` gives something other than `undefined`. */
export const until = async <A>(
  what: string,
  probe: () => A | undefined | Promise<A | undefined>,
  timeout_ms = 60_000,
  every_ms = 25,
): Promise<A> => {
  const end_ms = performance.now() + timeout_ms
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    if (performance.now() > end_ms) throw new Error(`waited ${timeout_ms} ms in vain for ${what}`)
    await Bun.sleep(every_ms)
  }
}

/** The promise's value, or an error when it takes too long. */
export const within = async <A>(what: string, promise: Promise<A>, timeout_ms: number): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeout_ms} ms in vain for ${what}`)), timeout_ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** So many may be in at a time; the others wait for their turn. */
export const makePlaces = (places: number) => {
  const queue: (() => void)[] = []
  let free = places
  return {
    use: async <A>(body: () => Promise<A>): Promise<A> => {
      if (free > 0) free--
      else await new Promise<void>((enter) => void queue.push(enter))
      try {
        return await body()
      } finally {
        const next = queue.shift()
        if (next === undefined) free++
        else next()
      }
    },
  }
}
