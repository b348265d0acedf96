/**
 * Sessions of a browser, which cannot send a bearer token for a page. A form posts the token once; what the browser keeps
 * is a random name in a cookie that scripts cannot read and other sites cannot send. It opens pages that are read, never
 * an action: those take the bearer token itself. Sessions live in memory and end with the process.
 */
import { Effect } from "effect"
import { getCookie, setCookie } from "hono/cookie"
import { type Caller, findCaller } from "../core/http/bearer.ts"
import { server } from "../core/limits.ts"
import type { Api, ApiContext } from "./api.ts"

const cookie_name = "akonis_session"

export interface Sessions {
  /** The caller of the request's cookie, if it may be used for this path. */
  readonly callerOf: (c: ApiContext) => Caller | undefined
  /** Checks a token and, when somebody has it, opens a session for them. */
  readonly open: (c: ApiContext, token: string) => Promise<boolean>
}

/** `pages`: whether a path may be read with a cookie. */
export const makeSessions = (api: Api, pages: (path: string) => boolean): Sessions => {
  const sessions = new Map<string, { readonly caller: Caller; readonly until_ms: number }>()
  return {
    callerOf: (c) => {
      if (c.req.method !== "GET" || !pages(c.req.path)) return undefined
      const session = sessions.get(getCookie(c, cookie_name) ?? "")
      return session !== undefined && session.until_ms > api.now_ms() ? session.caller : undefined
    },
    open: async (c, token) => {
      const caller = await api.run(Effect.orElseSucceed(findCaller(api.callers, `Bearer ${token}`), () => undefined))
      if (caller === undefined) return false
      const now_ms = api.now_ms()
      for (const [name, { until_ms }] of sessions) {
        if (until_ms <= now_ms || sessions.size >= server.logins_max) sessions.delete(name)
      }
      const name = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")
      sessions.set(name, { caller, until_ms: now_ms + server.login_life_ms })
      const secure = new URL(c.req.url).protocol === "https:" || c.req.header("x-forwarded-proto") === "https"
      setCookie(c, cookie_name, name, {
        path: "/",
        httpOnly: true,
        sameSite: "Strict",
        secure,
        maxAge: server.login_life_ms / 1_000,
      })
      return true
    },
  }
}
