/** Where idempotency keys are kept at the edge. */
import { edge } from "./limits.ts"

/** As Cloudflare's KV has it, so that a binding can be handed in as it is; anything else takes a few lines. */
export interface KeyValueStore {
  readonly get: (key: string) => Promise<string | null | undefined>
  /** `expirationTtl`: seconds after which it may be forgotten. */
  readonly put: (key: string, value: string, options: { readonly expirationTtl: number }) => Promise<unknown>
  readonly delete: (key: string) => Promise<unknown>
  /**
   * Puts a value where there is none, at one stroke, and tells whether it did. Without it two requests with one new key, in two places at
   * the same moment, may both act.
   */
  readonly add?: (key: string, value: string, options: { readonly expirationTtl: number }) => Promise<boolean>
}

/** Lives and dies with the place that it is in: another isolate, or the next one, knows nothing of it. */
export const makeMemoryStore = (now_ms: () => number = Date.now): KeyValueStore => {
  const entries = new Map<string, { readonly value: string; readonly until_ms: number }>()
  const get = (key: string) => {
    const entry = entries.get(key)
    return entry === undefined || entry.until_ms <= now_ms() ? undefined : entry.value
  }
  const put = (key: string, value: string, { expirationTtl }: { readonly expirationTtl: number }) => {
    entries.delete(key)
    entries.set(key, { value, until_ms: now_ms() + expirationTtl * 1_000 })
    for (const oldest of entries.keys()) {
      if (entries.size <= edge.memory_keys_max) break
      entries.delete(oldest)
    }
  }
  return {
    get: async (key) => get(key),
    put: async (key, value, options) => put(key, value, options),
    delete: async (key) => entries.delete(key),
    add: async (key, value, options) => {
      if (get(key) !== undefined) return false
      put(key, value, options)
      return true
    },
  }
}
