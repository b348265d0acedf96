/**
 * Posts spans to a collector. Whoever ends a span adds it to a bounded list and goes on; one fiber beside everything else empties the
 * list. A collector that refuses, hangs or is gone costs spans, which are counted, and nothing else.
 *
 * Why not Effect's own exporter: what waits has no bound there while a collector hangs, errors go out with their messages and stack
 * traces, which may quote an event, and it does not use our door to the network (proxy, authorities, time limits).
 */
import { Clock, Effect, FileSystem, Latch, Metric, Redacted } from "effect"
import type { Secret } from "../../config/secret.ts"
import { waitMs } from "../../http/client/backoff.ts"
import { Http, type HttpAnswer } from "../../http/client/http.ts"
import { retryAfterMs } from "../../http/client/retry-after.ts"
import { fieldsOf, jsonObject } from "../../json-object.ts"
import { texts } from "../../limits.ts"
import { cleanText } from "../../text.ts"
import { metrics } from "../metrics.ts"
import { readHeaders } from "./headers.ts"
import { tracing as limits } from "./limits.ts"
import { encodeSpans, type Origin } from "./otlp.ts"
import type { Ended } from "./tracer.ts"

export interface ExporterOptions extends Origin {
  /** Where spans are posted: `…/v1/traces`. */
  readonly url: string
  /** `name=value,name=value`, as `OTEL_EXPORTER_OTLP_HEADERS` holds them. */
  readonly headers: Secret | undefined
}

/** Why a post was not taken, and whether it may be the next time. */
interface Refused {
  readonly why: string
  readonly may_pass: boolean
  /** How many spans it is about, where the others were taken; all when left out. */
  readonly spans?: number
  readonly retry_after_ms?: number | undefined
}

/** Starts the fiber that posts, for as long as the scope lives; gives what takes a span that has ended. */
export const startExporter = Effect.fnUntraced(function* (options: ExporterOptions) {
  const http = yield* Http
  const fs = yield* FileSystem.FileSystem
  const full = Latch.makeUnsafe(false)
  let waiting: Ended[] = []
  let dropped = 0

  const add = (span: Ended): void => {
    if (waiting.length >= limits.spans_waiting_max) {
      dropped++
      return
    }
    waiting.push(span)
    if (waiting.length >= limits.spans_per_post_max) full.openUnsafe()
  }

  const postOnce = Effect.fnUntraced(
    function* (body: string) {
      const secret = options.headers === undefined ? undefined : yield* options.headers.value
      const headers = secret === undefined ? {} : readHeaders(Redacted.value(secret))
      const request = {
        method: "POST",
        url: options.url,
        headers: { ...headers, "content-type": "application/json" },
        body,
        repeatable: true,
        timeout_ms: limits.request_ms_max,
      } as const
      return whyNotTaken(yield* http.send(request, limits.answer_bytes_max), yield* Clock.currentTimeMillis)
    },
    Effect.provideService(FileSystem.FileSystem, fs),
  )

  const post = Effect.fnUntraced(function* (spans: readonly Ended[]) {
    const body = encodeSpans(spans, options)
    for (let failures = 1; ; failures++) {
      const refused = yield* Effect.catch(postOnce(body), ({ message }) =>
        Effect.succeed<Refused>({ why: message, may_pass: true }),
      )
      if (refused === undefined) return yield* count("exported", spans.length)
      if (!refused.may_pass || failures >= limits.attempts_max) {
        const lost = Math.min(refused.spans ?? spans.length, spans.length)
        if (lost < spans.length) yield* count("exported", spans.length - lost)
        return yield* drop(lost, refused.why)
      }
      yield* Effect.sleep(yield* waitMs(failures, refused.retry_after_ms))
    }
  })

  const drop = Effect.fnUntraced(function* (spans: number, why: string) {
    const lost = spans + dropped
    dropped = 0
    yield* count("dropped", lost)
    yield* Effect.logWarning(`traces: ${lost} spans are dropped, everything else goes on: ${why}`)
  })

  /** Posts what waits while it fills a post; with `all`, the rest as well. What is being posted counts as waiting until it is done. */
  const flush = Effect.fnUntraced(function* (all: boolean) {
    do {
      const spans = waiting.slice(0, limits.spans_per_post_max)
      if (spans.length > 0) yield* post(spans)
      waiting = waiting.slice(spans.length)
    } while (waiting.length >= (all ? 1 : limits.spans_per_post_max))
    full.closeUnsafe()
    if (dropped > 0) yield* drop(0, `more than ${limits.spans_waiting_max} waited for the collector`)
  })

  const loop = Effect.forever(Effect.andThen(Effect.timeoutOption(full.await, limits.post_every_ms), flush(false)))
  // The finalizers run backwards: the fiber has ended when what is left is posted.
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOrElse(Effect.interruptible(flush(true)), {
      duration: limits.close_ms_max,
      orElse: () => drop(waiting.length, "the process ended before the collector had taken them"),
    }),
  )
  yield* Effect.forkScoped(loop)
  return add
})

const count = (outcome: "exported" | "dropped", spans: number): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(metrics.spans, { outcome }), spans)

/** `undefined` for an answer that only a collector gives: 2xx, and nothing or an object of its own that rejects no span. */
const whyNotTaken = ({ status, headers, text }: HttpAnswer, now_ms: number): Refused | undefined => {
  const said = cleanText(text, texts.answer_chars_max)
  if (status < 200 || status > 299) {
    const may_pass = [408, 429, 502, 503, 504].includes(status)
    return { why: `the collector answered ${status}: ${said}`, may_pass, retry_after_ms: retryAfterMs(headers, now_ms) }
  }
  if (text.trim() === "") return undefined
  const answer = jsonObject(text)
  if (answer === undefined) return { why: `what answered ${status} is no collector: ${said}`, may_pass: false }
  const rejected = Number(fieldsOf(answer.partialSuccess).rejectedSpans ?? 0)
  if (!(rejected > 0)) return undefined
  return { why: `the collector rejected ${rejected} of them: ${said}`, may_pass: false, spans: rejected }
}
