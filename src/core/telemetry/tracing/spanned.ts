/**
 * Where spans begin. While nobody collects traces, an effect that could have a span runs as it is: one question is asked, and no
 * span, attribute or closure of the span is made.
 */
import { Clock, Context, Effect, type Fiber, Metric, Option, Tracer } from "effect"

/** Whether traces are collected. Set, with the tracer, by `layerTracing`. */
export const Tracing = Context.Reference<boolean>("akonis/core/Tracing", { defaultValue: () => false })

/** The beginning of a span that began before anybody could know of it, in nanoseconds since the epoch. */
export const BegunAt = Context.Reference<bigint | undefined>("akonis/core/BegunAt", { defaultValue: () => undefined })

/** What is known of a span when it begins. */
export interface Begin {
  /** Numbers, switches, and names that we gave or know: never a secret, and nothing of an event. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
  readonly kind?: Tracer.SpanKind
  /** Begins a trace of its own, linked to the one around it: for what happens within something that lasts for hours. */
  readonly is_root?: boolean
  /** How long ago it began. */
  readonly age_ms?: number
}

/** Runs an effect within a span, while traces are collected. `begin` is asked only then. */
export const spanned =
  (name: string, begin: () => Begin = () => ({})) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      if (!fiber.getRef(Tracing)) return effect
      const { attributes, kind, is_root = false, age_ms } = begin()
      const around = is_root ? Context.getOption(fiber.context, Tracer.ParentSpan) : Option.none()
      return Effect.withSpan(effect, name, {
        captureStackTrace: false,
        attributes: { ...tenantOf(fiber), ...attributes },
        ...(kind !== undefined && { kind }),
        ...(is_root && { root: true }),
        ...(Option.isSome(around) && { links: [{ span: around.value, attributes: {} }] }),
        ...(age_ms !== undefined && { annotations: Context.make(BegunAt, nanosAgo(fiber, age_ms)) }),
      }) as Effect.Effect<A, E, R>
    })

/** The tenant whose work it is, as its metrics say. */
const tenantOf = (fiber: Fiber.Fiber<unknown, unknown>) => {
  const { tenant } = fiber.getRef(Metric.CurrentMetricAttributes)
  return tenant === undefined ? {} : { "akonis.tenant": tenant }
}

const nanosAgo = (fiber: Fiber.Fiber<unknown, unknown>, age_ms: number): bigint =>
  fiber.getRef(Clock.Clock).currentTimeNanosUnsafe() - BigInt(Math.round(age_ms * 1e6))

/** Adds to the span around, while traces are collected. */
export const annotateSpan = (attributes: () => NonNullable<Begin["attributes"]>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => (fiber.getRef(Tracing) ? Effect.annotateCurrentSpan(attributes()) : Effect.void))

/** The id of the trace around: of our own span, or of the request that somebody traces. */
export const traceId: Effect.Effect<string | undefined> = Effect.withFiberSucceed(
  (fiber) => Context.getOption(fiber.context, Tracer.ParentSpan).pipe(Option.getOrUndefined)?.traceId,
)
