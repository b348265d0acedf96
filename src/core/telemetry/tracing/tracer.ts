/** Makes spans, decides which are kept, and hands each on once it has ended. */
import { Context, type Exit, Option, Tracer } from "effect"
import type { Sampler } from "./samplers.ts"
import { BegunAt } from "./spanned.ts"

export interface Sampling {
  readonly sampler: Sampler
  /** Share of traces that a `…traceidratio` keeps, 0 to 1. */
  readonly ratio: number
}

/** A span that has ended, and is kept. */
export type Ended = Tracer.NativeSpan & { readonly status: Extract<Tracer.SpanStatus, { readonly _tag: "Ended" }> }

/** The tracer; `keep` gets every span that is kept, when it ends. */
export const makeTracer = (sampling: Sampling, keep: (span: Ended) => void): Tracer.Tracer =>
  Tracer.make({
    span: (options) => new OwnSpan(options, sampling, keep),
  })

class OwnSpan extends Tracer.NativeSpan {
  override readonly sampled: boolean
  private readonly keep: (span: Ended) => void

  constructor(
    options: ConstructorParameters<typeof Tracer.NativeSpan>[0],
    sampling: Sampling,
    keep: (span: Ended) => void,
  ) {
    super({ ...options, startTime: Context.get(options.annotations, BegunAt) ?? options.startTime })
    this.keep = keep
    this.sampled = isKept(this.traceId, Option.getOrUndefined(this.parent), sampling)
  }

  override end(end: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    super.end(end, exit)
    if (this.sampled) this.keep(this as unknown as Ended)
  }
}

const isKept = (trace_id: string, parent: Tracer.AnySpan | undefined, { sampler, ratio }: Sampling): boolean => {
  if (sampler.startsWith("parentbased_") && parent !== undefined) return parent.sampled
  if (sampler.endsWith("always_on")) return true
  // As other tracers draw: by the last 56 bits of the id, so that all of them keep the same traces.
  return sampler.endsWith("traceidratio") && Number.parseInt(trace_id.slice(-14), 16) < ratio * 2 ** 56
}
