/**
 * A sample of the events that are delivered, for a person who looks. While nobody does, delivery asks one question per batch; while
 * somebody does, a few events of a batch are copied, never more than the tap lets through.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { fieldsOf, isObject, type JsonObject, jsonObject } from "../json-object.ts"
import { tap as limits } from "../limits/operator.ts"
import { monotonicMs } from "../monotonic.ts"
import type { Batch } from "./lines/batch.ts"

/** What somebody wants to see. */
export interface TapOptions {
  /** `metadata.eventType`; any when left out. */
  readonly type?: string | undefined
  /** Events per second. */
  readonly rate: number
  /** Values are replaced by their kind and length; `metadata` stays, the customer's id aside. */
  readonly redacted: boolean
  /** Gets each event as one line of JSON, without its line end. */
  readonly tell: (line: string) => void
}

export class Taps extends Context.Service<
  Taps,
  {
    /** Whether somebody looks. */
    readonly any: () => boolean
    /** Offers a batch that is about to be posted. Call it while {@link any}. */
    readonly offer: (batch: Batch) => void
    /** Opens a tap; what it gives closes it. */
    readonly open: (options: TapOptions) => () => void
    readonly count: () => number
  }
>()("akonis/core/Taps") {
  static readonly layer: Layer.Layer<Taps> = Layer.effect(
    Taps,
    Effect.suspend(() => make),
  )
}

interface Tap extends TapOptions {
  /** Events that may go now; refills with the rate. */
  tokens: number
  refilled_ms: number
}

const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const taps = new Set<Tap>()
  return Taps.of({
    any: () => taps.size > 0,
    count: () => taps.size,
    offer: (batch) => {
      const now_ms = monotonicMs(clock)
      for (const tap of taps) sample(tap, batch, now_ms)
    },
    open: (options) => {
      const tap: Tap = { ...options, tokens: 1, refilled_ms: monotonicMs(clock) }
      taps.add(tap)
      return () => void taps.delete(tap)
    },
  })
})

/** Looks at events spread evenly over the batch, as many as the bound allows, until the tap has let enough through. */
const sample = (tap: Tap, batch: Batch, now_ms: number): void => {
  const refill = ((now_ms - tap.refilled_ms) / 1_000) * tap.rate
  tap.tokens = Math.min(Math.max(1, tap.rate), tap.tokens + refill)
  tap.refilled_ms = now_ms
  const step = Math.max(1, Math.ceil(batch.count / limits.looked_at_max))
  for (let i = 0; i < batch.count && tap.tokens >= 1; i += step) {
    const text = Buffer.from(batch.raw(i)).toString("utf8")
    const line = lineOf(tap, text)
    if (line === undefined) continue
    tap.tokens -= 1
    tap.tell(line)
  }
}

/** The line to show; `undefined` for an event that is not wanted. */
const lineOf = ({ type, redacted }: Tap, text: string): string | undefined => {
  if (type === undefined && !redacted) return text
  const event = jsonObject(text)
  if (event === undefined) return undefined
  if (type !== undefined && fieldsOf(event.metadata).eventType !== type) return undefined
  return redacted ? JSON.stringify(withoutValues(event)) : text
}

/** What of `metadata` stays: what kind of event it is, where it stands, when it was made. */
const shown = ["eventType", "offset", "eventCreationTime", "version"]

/** The event with its keys and without what stands in them. */
const withoutValues = (event: JsonObject): unknown => {
  const bare = fieldsOf(strip(event, 0))
  if (!isObject(event.metadata)) return bare
  const kept = Object.entries(event.metadata).filter(([key]) => shown.includes(key))
  return { ...bare, metadata: { ...fieldsOf(bare.metadata), ...Object.fromEntries(kept) } }
}

const strip = (value: unknown, depth: number): unknown => {
  if (depth > limits.depth_max) return "…"
  if (typeof value === "string") return `<text of ${value.length}>`
  if (typeof value === "number") return "<number>"
  if (typeof value === "boolean") return "<true or false>"
  if (Array.isArray(value)) return value.map((inner) => strip(inner, depth + 1))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, strip(inner, depth + 1)]))
}
