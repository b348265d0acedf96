/**
 * Sessions of a browser, which cannot send a bearer token for a page. A form posts the token once; what the browser keeps
 * is a random name in a cookie that scripts cannot read and other sites cannot send. It opens pages and what they read, never
 * an action: those take the bearer token itself. Sessions live in memory; they end with the process, with a logout, and with
 * the token they were opened by.
 */
import { deleteCookie, getCookie, setCookie } from "hono/cookie"
import { type Caller, digestOf, findByDigest } from "../core/http/server/bearer.ts"
import { server } from "../core/http/server/limits.ts"
import type { Api, ApiContext } from "./api.ts"

const cookie_name = "akonis_session"

export interface Sessions {
  /** The caller of the request's cookie, if it may be used for this path. */
  readonly callerOf: (c: ApiContext) => Promise<Caller | undefined>
  /** Checks a token and, when somebody has it, opens a session for them. */
  readonly open: (c: ApiContext, token: string) => Promise<boolean>
  /** Ends the session of the request's cookie. */
  readonly close: (c: ApiContext) => void
}

/** `now`: who has a token now. `pages`: whether a path may be read with a cookie. */
export const makeSessions = (
  now: () => Pick<Api, "callers" | "run" | "now_ms">,
  pages: (path: string) => boolean,
): Sessions => {
  const sessions = new Map<string, { readonly digest: Buffer; readonly until_ms: number }>()
  return {
    callerOf: async (c) => {
      if (c.req.method !== "GET" || !pages(c.req.path)) return undefined
      const session = sessions.get(getCookie(c, cookie_name) ?? "")
      const api = now()
      if (session === undefined || session.until_ms <= api.now_ms()) return undefined
      return api.run(findByDigest(api.callers, session.digest))
    },
    open: async (c, token) => {
      const digest = digestOf(`Bearer ${token}`)
      const api = now()
      if ((await api.run(findByDigest(api.callers, digest))) === undefined) return false
      const now_ms = api.now_ms()
      for (const [name, { until_ms }] of sessions) {
        if (until_ms <= now_ms || sessions.size >= server.logins_max) sessions.delete(name)
      }
      const name = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")
      sessions.set(name, { digest, until_ms: now_ms + server.login_life_ms })
      const secure = c.req.url.startsWith("https:") || c.req.header("x-forwarded-proto") === "https"
      setCookie(c, cookie_name, name, {
        path: "/",
        httpOnly: true,
        sameSite: "Strict",
        secure,
        maxAge: server.login_life_ms / 1_000,
      })
      return true
    },
    close: (c) => {
      sessions.delete(getCookie(c, cookie_name) ?? "")
      deleteCookie(c, cookie_name, { path: "/" })
    },
  }
}
