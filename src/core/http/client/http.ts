/**
 * The one door to the network. Everything that talks HTTP asks for `Http`, so that a test can put the simulator behind it.
 * Web standards only (`Request` options, `Response`), so that it runs under Bun and Deno alike.
 */
import { type Clock, Context, type Effect, type Scope } from "effect"
import type { TransportError } from "../../errors.ts"
import type { PoolLook } from "./pool.ts"

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /**
   * It may arrive twice, and be answered the second time as the first. What does not say so and is no GET gets a connection of its own:
   * Bun sends a PUT or DELETE by itself again when a connection that it had used before breaks without an answer (1.4.5, seen with sockets).
   */
  readonly repeatable?: true
  /** Until the response headers are here; `send` counts the wait for a free connection as well. */
  readonly timeout_ms: number
}

/** A whole answer, body read. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export class Http extends Context.Service<
  Http,
  {
    /**
     * Sends and reads the whole body, all within `timeout_ms`. Any status is a success; redirects are not followed.
     * A body over `bytes_max` fails with `too_large`. Interruption aborts the request.
     */
    readonly send: (request: HttpRequest, bytes_max: number) => Effect.Effect<HttpAnswer, TransportError>
    /**
     * Sends a GET and gives the response with its body unread; the connection is closed with the scope.
     * No limit on how long the body may take: the reader watches it.
     */
    readonly open: (request: HttpRequest) => Effect.Effect<Response, TransportError, Scope.Scope>
    /** How its connections are shared out now; absent where there is no limit. */
    readonly pools?: (clock: Clock.Clock) => readonly PoolLook[]
  }
>()("akonis/core/Http") {}
