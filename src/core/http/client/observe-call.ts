/** Makes a request to a server of somebody else visible: as a span while traces are collected, and as a line of the log with `log.level: debug`. */
import { Cause, Effect, Exit, LogLevel, References } from "effect"
import type { TransportError } from "../../errors.ts"
import { stopwatch } from "../../monotonic.ts"
import { RepeatsAs } from "../../telemetry/repeats.ts"
import { annotateSpan, spanned, Tracing, traceId } from "../../telemetry/tracing/spanned.ts"
import { cleanText, cleanTextOr } from "../../text.ts"
import type { HttpRequest } from "./http.ts"
import { told_calls as limits } from "./limits.ts"

/** Who is asked, and for what, in short and stable words: `falcon`, `hosts.contain`. */
interface Call {
  readonly upstream: "falcon" | "intake" | "asset API"
  readonly operation: string
}

type Answer = Pick<Response, "status" | "headers">

/**
 * Observes one request. Told are method, host, path, status and time; never the query, a header of ours or a body. An answer with a
 * status of 400 or more makes the span one that failed.
 */
export const observeCall =
  (call: Call, { method, url }: Pick<HttpRequest, "method" | "url">) =>
  <A extends Answer, R>(send: Effect.Effect<A, TransportError, R>): Effect.Effect<A, TransportError, R> =>
    Effect.withFiber((fiber) => {
      const is_told = LogLevel.isLessThanOrEqualTo(fiber.getRef(References.MinimumLogLevel), "Debug")
      if (!is_told && !fiber.getRef(Tracing)) return send
      const { host = "", pathname = "" } = URL.parse(url) ?? {}
      const path = cleanText(pathname, limits.path_chars_max)
      const attributes = {
        "http.request.method": method,
        "server.address": host,
        "url.path": path,
        "akonis.upstream": call.upstream,
        "akonis.operation": call.operation,
      }
      const name = `${call.upstream} ${call.operation}`
      const observed = Effect.tap(send, (answer) => annotateSpan(() => said(answer)))
      return (is_told ? tellEnd(`${name}: ${method} ${path}`, observed) : observed).pipe(
        spanned(name, () => ({ kind: "client", attributes })),
      )
    })

/** What an answer says of itself outside of its body. */
const said = (answer: Answer) => {
  const cs_trace_id = traceIdOf(answer)
  return {
    "http.response.status_code": answer.status,
    ...(answer.status >= 400 && { "error.type": String(answer.status) }),
    ...(cs_trace_id !== undefined && { "falcon.trace_id": cs_trace_id }),
  }
}

const traceIdOf = ({ headers }: Answer): string | undefined =>
  cleanTextOr(headers.get("x-cs-traceid") ?? undefined, limits.trace_id_chars_max, undefined)

const tellEnd = <A extends Answer, R>(what: string, send: Effect.Effect<A, TransportError, R>) =>
  Effect.gen(function* () {
    const elapsedMs = yield* stopwatch
    const trace_id = yield* traceId
    return yield* Effect.onExit(send, (exit) => {
      const cs_trace_id = Exit.isSuccess(exit) ? traceIdOf(exit.value) : undefined
      return Effect.logDebug(`${what} ${endOf(exit)} ${Math.round(elapsedMs())} ms`).pipe(
        Effect.annotateLogs({
          ...(cs_trace_id !== undefined && { cs_trace_id }),
          ...(trace_id !== undefined && { trace_id }),
        }),
        Effect.provideService(RepeatsAs, "each"),
      )
    })
  })

const endOf = (exit: Exit.Exit<Answer, TransportError>): string => {
  if (Exit.isSuccess(exit)) return `answered ${exit.value.status} in`
  if (Cause.hasInterruptsOnly(exit.cause)) return "was given up after"
  const error = Exit.findErrorOption(exit)
  return error._tag === "Some" ? `failed (${error.value.reason}) after` : "failed unexpectedly after"
}
