/** What the tests of the HTTP rooms share: a test under a virtual clock, and a network made of a function. */
import { test } from "bun:test"
import { Clock, Effect, Fiber, Layer, Redacted, Result, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { TransportError } from "../../src/core/errors.ts"
import { FalconAuth } from "../../src/core/falcon/auth.ts"
import { Falcon, type Operation } from "../../src/core/falcon/client.ts"
import type { FalconCredentials } from "../../src/core/falcon/credentials.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { Http, type HttpAnswer, type HttpRequest } from "../../src/core/http/client/http.ts"

/** A test whose time stands still until `TestClock.adjust` moves it. */
export const effect = <E>(name: string, body: () => Effect.Effect<unknown, E, Scope.Scope>) =>
  test(name, () => Effect.runPromise(body().pipe(Effect.scoped, Effect.provide(TestClock.layer()))))

export const SECRET = "s3cr3t/of+the&client"
export const TOKEN_PREFIX = "bearer-token-number-"
export const EU = "https://api.eu-1.crowdstrike.com"

interface Sent extends HttpRequest {
  readonly at_ms: number
}

type Reply = HttpAnswer | TransportError | Effect.Effect<HttpAnswer, TransportError>

/** Answers the n-th request (from 0) of its kind. */
export type Script = (request: HttpRequest, n: number) => Reply

export const answer = (status: number, body: unknown = {}, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: new Headers(headers),
  text: typeof body === "string" ? body : JSON.stringify(body),
})

export const broken = (reason: TransportError["reason"]): TransportError =>
  new TransportError({ reason, host: "falcon", message: `falcon: ${reason}` })

export const ok = (...resources: readonly unknown[]): HttpAnswer => answer(200, { meta: {}, errors: [], resources })

/** The n-th token, valid 30 minutes. */
export const token = (n: number, headers: Record<string, string> = {}, expires_in: unknown = 1799): HttpAnswer =>
  answer(201, { access_token: `${TOKEN_PREFIX}${n}`, expires_in, token_type: "bearer" }, headers)

/** `Http` played by functions, which notes what was sent and when. */
export function scripted(api: Script, tokens: Script = (_, n) => token(n)) {
  const calls: Sent[] = []
  const asked: Sent[] = []
  const reply = (request: HttpRequest): Effect.Effect<HttpAnswer, TransportError> =>
    Effect.gen(function* () {
      const [list, script] = new URL(request.url).pathname === "/oauth2/token" ? [asked, tokens] : [calls, api]
      list.push({ ...request, at_ms: yield* Clock.currentTimeMillis })
      const said = script(request, list.length - 1)
      if (said instanceof TransportError) return yield* said
      return Effect.isEffect(said) ? yield* said : said
    })
  const layer = Layer.succeed(Http, {
    send: (request) =>
      Effect.timeoutOrElse(reply(request), {
        duration: request.timeout_ms,
        orElse: () => Effect.fail(broken("timeout")),
      }),
    open: () => Effect.die("not played"),
  })
  /** `calls`: requests to the API; `asked`: requests for a token. */
  return { layer, calls, asked }
}

export const credentials = (more: Partial<FalconCredentials> = {}): FalconCredentials => ({
  base_url: EU,
  client_id: "client-1",
  client_secret: Effect.succeed(Redacted.make(SECRET)),
  ...more,
})

/** One tenant on a scripted network. */
export const falconOn = Effect.fnUntraced(function* (
  http: { readonly layer: Layer.Layer<Http> },
  more: Partial<FalconCredentials> = {},
) {
  const context = yield* Layer.build(layerFalcon(credentials(more)).pipe(Layer.provide(http.layer)))
  return {
    falcon: yield* Effect.provide(Falcon, context),
    auth: yield* Effect.provide(FalconAuth, context),
  }
})

/** Runs something while `ms` of virtual time pass; fails the test when that is not enough. */
export const during = Effect.fnUntraced(function* <A, E, R>(ms: number, body: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(Effect.result(body), { startImmediately: true })
  yield* TestClock.adjust(ms)
  const exit = fiber.pollUnsafe()
  if (exit === undefined) throw new Error(`not done after ${ms} ms`)
  return (yield* Fiber.join(fiber)) as Result.Result<A, E>
})

export const get = (more: Partial<Operation> = {}): Operation => ({
  name: "hosts.list",
  method: "GET",
  path: "/devices/queries/devices/v1",
  idempotent: true,
  scopes: ["Hosts: Read"],
  ...more,
})

export const write = (more: Partial<Operation> = {}): Operation => ({
  name: "alerts.comment",
  method: "PATCH",
  path: "/alerts/entities/alerts/v3",
  body: { composite_ids: ["a"] },
  idempotent: false,
  scopes: ["Alerts: Write"],
  ...more,
})

export const HOUR = 3_600_000

/** Plays `script` for one operation and gives its outcome with everything that was sent. */
export const play = Effect.fnUntraced(function* (operation = get(), script: Script = () => ok("a")) {
  const http = scripted(script)
  const { falcon } = yield* falconOn(http)
  const result = yield* during(HOUR, falcon.request(operation))
  return { ...http, result }
})

/** How a call ended, and how many requests it took. */
export const reasonOf = Effect.fnUntraced(function* (operation = get(), script: Script = () => ok()) {
  const { result, calls } = yield* play(operation, script)
  return { reason: Result.isFailure(result) ? result.failure.reason : "success", calls: calls.length }
})
