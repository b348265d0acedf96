/** Timers that code has started and not stopped. */

/** Watches `setInterval` and `setTimeout` until `end`, which gives where the timers that are still running were started. */
export const watchTimers = (): { readonly end: () => readonly string[] } => {
  const { setInterval, setTimeout, clearInterval, clearTimeout } = globalThis
  const running = new Map<unknown, string>()
  const started = (id: unknown): void => {
    const line = (new Error().stack ?? "").split("\n").find((one) => isPlugins(one))
    if (line !== undefined) running.set(id, line.trim())
  }
  const ended = (id: unknown): void => void running.delete(id)
  Object.assign(globalThis, {
    setInterval: (...args: Parameters<typeof setInterval>) => {
      const id = setInterval(...args)
      started(id)
      return id
    },
    setTimeout: (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const id: unknown = setTimeout(() => {
        ended(id)
        run(...given)
      }, ms)
      started(id)
      return id
    },
    clearInterval: (id: never) => {
      ended(id)
      clearInterval(id)
    },
    clearTimeout: (id: never) => {
      ended(id)
      clearTimeout(id)
    },
  })
  return {
    end: () => {
      Object.assign(globalThis, { setInterval, setTimeout, clearInterval, clearTimeout })
      return [...running.values()]
    },
  }
}

/** Neither ours nor a library's. */
const isPlugins = (line: string): boolean =>
  /\.[cm]?[jt]s:\d+/.test(line) && !/node_modules|\$bunfs|\/src\/|\/simulator\//.test(line)
