/**
 * Loaded into a worker before its own code (`bun --preload`): counts what is alive in it, twice a second, a line of
 * JSON each, into the file named by `AKONIS_PROBE`. Effects that run are generators, so every fiber holds at least one.
 */

import { heapStats } from "bun:jsc"
import { appendFileSync } from "node:fs"

const interval_ms = 500
const file = process.env.AKONIS_PROBE

if (file !== undefined) {
  setInterval(() => {
    Bun.gc(true)
    const { objectTypeCounts: alive } = heapStats()
    const counts = { timers: alive.Timeout ?? 0, generators: alive.Generator ?? 0, signals: alive.AbortSignal ?? 0 }
    appendFileSync(file, `${JSON.stringify(counts)}\n`)
  }, interval_ms).unref()
}
