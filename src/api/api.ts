/** What the routes share: who calls, which request it is, and how to run an effect for it. */
import { Effect, type FileSystem, type Tracer } from "effect"
import type { Hono, Context as HonoContext } from "hono"
import type { ActionTenant } from "../core/actions/execute.ts"
import { type ProblemBody, type ProblemKind, problemOf } from "../core/actions/problem.ts"
import { type Caller, findCaller, findFixedCaller, type Role, roleAllows } from "../core/http/server/bearer.ts"
import type { From } from "../core/http/server/listen.ts"
import { texts } from "../core/limits.ts"
import { cleanText } from "../core/text.ts"

export interface ApiEnv {
  /** What the runtime tells beside the request; nothing where it is called without a socket. */
  readonly Bindings: Partial<From>
  readonly Variables: {
    readonly caller: Caller
    readonly request_id: string
    /** The tenant that the path names, once it is known that the caller may see it. */
    readonly tenant?: string
    /** Where the request belongs to a trace; see `giveTrace`. */
    readonly trace?: Tracer.AnySpan
  }
}

export type ApiContext = HonoContext<ApiEnv>

/** What every route group gets. */
export interface Api {
  readonly tenants: readonly ActionTenant[]
  /** Each tenant has routes of its own, below its id, also while there is one alone: others may come. */
  readonly several: boolean
  readonly callers: readonly Caller[]
  readonly read_only: boolean
  /** Runs an effect to its end, whether or not the caller is still there; stopping the process waits for it. */
  readonly run: <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) => Promise<A>
  readonly now_ms: () => number
}

/** A problem document as an answer. */
export const answerProblem = (c: ApiContext, body: ProblemBody, headers: Record<string, string> = {}): Response => {
  const request_id = body.request_id ?? c.get("request_id")
  const retry = body.retry_after_s === undefined ? {} : { "retry-after": String(body.retry_after_s) }
  const tenant = body.tenant ?? c.get("tenant")
  return new Response(JSON.stringify({ ...body, request_id, ...(tenant !== undefined && { tenant }) }), {
    status: body.status,
    headers: { "content-type": "application/problem+json", ...retry, ...headers },
  })
}

/** Answers with the problem document of a kind. */
export const refuseWith = (c: ApiContext, kind: ProblemKind, detail: string, headers?: Record<string, string>) =>
  answerProblem(c, problemOf(kind, detail), headers)

/** Gives every request an id, in `X-Request-Id`: the caller's own when it is a sensible one. */
export const giveRequestId = async (c: ApiContext, next: () => Promise<void>): Promise<void> => {
  const given = c.req.header("x-request-id")
  const request_id = given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID()
  c.set("request_id", request_id)
  await next()
  c.res.headers.set("x-request-id", request_id)
}

/** The caller of the request's bearer token; `undefined` without one, or with one that nobody has. */
export const callerOf = async (api: Api, c: ApiContext): Promise<Caller | undefined> => {
  const header = c.req.header("authorization")
  if (header === undefined) return undefined
  return findFixedCaller(api.callers, header) ?? (await api.run(findCaller(api.callers, header)))
}

/** Lets only callers with a token pass. `session` finds the caller of a cookie, for the pages that a browser opens. */
export const authenticate =
  (api: Api, session: (c: ApiContext) => Promise<Caller | undefined>) =>
  async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const caller = c.req.header("authorization") === undefined ? await session(c) : await callerOf(api, c)
    if (caller === undefined) {
      const detail = "send Authorization: Bearer <token>, with a token of server.tokens or of data_dir/api-token"
      return refuseWith(c, "unauthenticated", detail, { "www-authenticate": "Bearer" })
    }
    c.set("caller", caller)
    await next()
    return undefined
  }

/** The refusal of a caller who lacks a role. */
export const lacking = (c: ApiContext, role: Role): Response | undefined => {
  const caller = c.get("caller")
  if (roleAllows(caller.role, role)) return undefined
  return refuseWith(c, "not-allowed", `this needs the role ${role}; the token "${caller.name}" has ${caller.role}`)
}

/** Middleware: only for callers with this role. */
export const needs =
  (role: Role) =>
  async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const refused = lacking(c, role)
    if (refused === undefined) await next()
    return refused
  }

/** Middleware of what changes something and takes no parameter: one that is not understood could have meant "do not act". */
export const takesNoQuery = async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
  const [unknown] = Object.keys(c.req.queries())
  if (unknown === undefined) return void (await next())
  const detail = `there is no query parameter ${cleanText(unknown, texts.asked_chars_max)} here; nothing was done`
  return refuseWith(c, "invalid-request", detail)
}

/** Answers where there is nothing, and where something fails that should not. */
export const answerTheRest = (app: Hono<ApiEnv>, { run }: Pick<Api, "run">): void => {
  app.notFound((c) => {
    const path = cleanText(c.req.path, texts.asked_chars_max)
    return refuseWith(c, "not-found", `there is nothing at ${c.req.method} ${path}`)
  })
  app.onError(async (error, c) => {
    await run(Effect.logError(`${c.req.method} ${c.req.path} failed unexpectedly, please report it: ${error.stack}`))
    return answerProblem(c, problemOf("unexpected", "see the log under this request id"))
  })
}

/** Waits until everything that `run` has begun is done, but no longer than `ms_max`. */
export const waitFor = (pending: ReadonlySet<Promise<unknown>>, ms_max: number): Effect.Effect<void> =>
  Effect.suspend(() => Effect.promise(() => Promise.allSettled(pending))).pipe(
    Effect.timeoutOption(ms_max),
    Effect.asVoid,
  )
