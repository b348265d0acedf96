import { describe, expect, test } from "bun:test"
import { Clock, Effect, Exit, Layer, Logger, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { secretText } from "../../config/secret.ts"
import { TransportError } from "../../errors.ts"
import { Http, type HttpAnswer, type HttpRequest } from "../../http/client/http.ts"
import { layerFiles } from "../../store/files.ts"
import { hideInLogs } from "../redact.ts"
import { startExporter } from "./exporter.ts"
import { layerTracing } from "./layer.ts"
import { tracing as limits } from "./limits.ts"
import { spanned, Tracing } from "./spanned.ts"
import { type Ended, makeTracer, type Sampling } from "./tracer.ts"

type Reply = HttpAnswer | "hangs" | "gone"
const said = (status: number, text = "{}", headers = {}): HttpAnswer => ({
  status,
  text,
  headers: new Headers(headers),
})

/** A collector that is a function, and what was posted to it, when. */
const played = (reply: (n: number) => Reply) => {
  const posts: { readonly at_s: number; readonly request: HttpRequest; readonly spans: readonly { name: string }[] }[] =
    []
  const send = Effect.fnUntraced(function* (request: HttpRequest) {
    const at_s = (yield* Clock.currentTimeMillis) / 1_000
    const { spans } = JSON.parse(String(request.body)).resourceSpans[0].scopeSpans[0]
    posts.push({ at_s, request, spans })
    const answer = reply(posts.length - 1)
    const failed = (reason: "timeout" | "refused") => new TransportError({ reason, host: "collector", message: reason })
    if (answer === "gone") return yield* failed("refused")
    if (answer !== "hangs") return answer
    yield* Effect.sleep(request.timeout_ms)
    return yield* failed("timeout")
  })
  return { posts, layer: Layer.succeed(Http, { send, open: () => Effect.die("no feed") }) }
}

const lines: string[] = []
const logger = Logger.make((options) => void lines.push(String(options.message)))
const onClock = <A, E>(body: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.runPromise(body.pipe(Effect.scoped, Effect.provide([TestClock.layer(), Logger.layer([logger])])))

const options = { url: "http://collector/v1/traces", service_name: "akonis", version: "1", headers: undefined }
const always: Sampling = { sampler: "always_on", ratio: 1 }

/** An exporter, and what makes it a number of spans. */
const started = Effect.fnUntraced(function* (reply: (n: number) => Reply) {
  const { posts, layer } = played(reply)
  const keep = yield* startExporter(options).pipe(Effect.provide([layer, layerFiles]))
  const tracer = makeTracer(always, keep)
  const make = (spans: number) =>
    Effect.forEach(Array.from({ length: spans }), () => Effect.void.pipe(spanned("one")), { discard: true }).pipe(
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(Tracing, true),
    )
  return { posts, make }
})

describe("a collector", () => {
  test.each(["hangs", "gone"] as const)("that %s costs a bounded number of spans, which are told of", (how) =>
    onClock(
      Effect.gen(function* () {
        lines.length = 0
        const { posts, make } = yield* started(() => how)
        yield* make(6_000)
        yield* TestClock.adjust(600_000)
        const each = posts.length / limits.attempts_max
        expect(each * limits.spans_per_post_max).toBe(limits.spans_waiting_max)
        const told = lines.flatMap(
          (line) => /traces: (\d+) spans are dropped, everything else goes on/.exec(line)?.[1] ?? [],
        )
        expect(told.reduce((sum, spans) => sum + Number(spans), 0)).toBe(6_000)
      }),
    ),
  )

  test("that hangs is waited for two seconds when the process ends, and no longer", () =>
    onClock(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { posts, make } = yield* Effect.provideService(
          started(() => "hangs"),
          Scope.Scope,
          scope,
        )
        yield* make(3)
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust(limits.close_ms_max)
        const is_over = closing.pollUnsafe() !== undefined
        // A clock that stands still would hold the test up, too.
        yield* TestClock.adjust(600_000)
        expect([posts.length, is_over]).toEqual([1, true])
      }),
    ))

  test("that asks to wait is asked again then, and gets the same spans", () =>
    onClock(
      Effect.gen(function* () {
        const { posts, make } = yield* started((n) => (n === 0 ? said(429, "", { "retry-after": "30" }) : said(200)))
        yield* make(3)
        yield* TestClock.adjust(60_000)
        expect(posts.map(({ at_s, spans }) => [at_s, spans.length])).toEqual([
          [5, 3],
          [35, 3],
        ])
      }),
    ))

  test.each([
    ["a page", said(200, "<html>sign in</html>")],
    ["a refusal", said(401, "who are you?")],
    ["spans that it rejected", said(200, '{"partialSuccess":{"rejectedSpans":"3"}}')],
  ])("that answers with %s has not taken the spans, and is not asked again for them", (_, answer) =>
    onClock(
      Effect.gen(function* () {
        lines.length = 0
        const { posts, make } = yield* started(() => answer)
        yield* make(3)
        yield* TestClock.adjust(60_000)
        expect(posts).toHaveLength(1)
        expect(lines.join()).toContain("traces: 3 spans are dropped")
      }),
    ),
  )
})

/** Spans of an effect, as they were posted when the layer was closed. */
const posted = async (sampling: Partial<Sampling>, effect: Effect.Effect<unknown, unknown>, headers?: string) => {
  const { posts, layer } = played(() => said(200))
  const settings = {
    endpoint: "http://collector/otel/",
    headers: headers === undefined ? undefined : secretText(headers),
    service_name: "falcon-bridge",
    sampler: sampling.sampler ?? "always_on",
    sampler_arg: sampling.ratio ?? 1,
  }
  await Effect.runPromise(
    Effect.exit(effect).pipe(Effect.provide(Layer.provideMerge(layerTracing(settings, "1", layer), layerFiles))),
  )
  return posts
}

describe("a span", () => {
  test("holds no secret, and of an error its kind alone", async () => {
    const secret = "tracing-secret-0001"
    hideInLogs(secret)
    const failing = Effect.fail(new TransportError({ reason: "reset", host: "h", message: '{"ComputerName":"WS-7"}' }))
    const effect = failing.pipe(spanned("call", () => ({ attributes: { "akonis.caller": `x ${secret} y` } })))
    const [post] = await posted({}, effect, `Authorization=Basic%20abcdefgh, tenant=t1`)
    expect(post!.request).toMatchObject({
      url: "http://collector/otel/v1/traces",
      headers: { authorization: "Basic abcdefgh", tenant: "t1" },
    })
    expect(post!.request.body).toContain("TransportError: reset")
    expect(post!.request.body).toContain("falcon-bridge")
    expect(post!.request.body).not.toMatch(/ComputerName|tracing-secret/)
  })

  test("is kept as the sampler says, and with its parent where it has one", async () => {
    const parent = (sampled: boolean) =>
      Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16), sampled })
    const spans = async (sampling: Partial<Sampling>, of?: Tracer.AnySpan) => {
      const one = Effect.void.pipe(spanned("one"))
      const posts = await posted(sampling, of === undefined ? one : Effect.withParentSpan(one, of))
      return posts.flatMap((post) => post.spans).length
    }
    expect(await spans({ sampler: "always_off" })).toBe(0)
    expect(await spans({ sampler: "traceidratio", ratio: 0 })).toBe(0)
    expect(await spans({ sampler: "parentbased_traceidratio", ratio: 1 })).toBe(1)
    expect(await spans({ sampler: "parentbased_always_on" }, parent(false))).toBe(0)
    expect(await spans({ sampler: "parentbased_always_off" }, parent(true))).toBe(1)
    expect(await spans({ sampler: "always_on" }, parent(false))).toBe(1)
  })

  test("is not made while nobody collects", async () => {
    const tracer = makeTracer(always, (span: Ended) => expect(span.name).toBe("nothing"))
    await Effect.runPromise(Effect.void.pipe(spanned("one"), Effect.provideService(Tracer.Tracer, tracer)))
  })
})
