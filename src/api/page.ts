/** What the pages that a browser opens have in common: their headers, their form's token, and who is let in. */
import type { ApiContext } from "./api.ts"
import type { Sessions } from "./session.ts"

/** Of a page; `policy`: what it may load. */
export const pageHeaders = (policy: string) => ({
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
})

/** Of a file that a page loads. */
export const assetHeaders = (type: string, cache_control: string) => ({
  "content-type": type,
  "x-content-type-options": "nosniff",
  "cache-control": cache_control,
})

/** The token that a form holds. */
export const tokenIn = (form: string): string => new URLSearchParams(form).get("token")?.trim() ?? ""

/** Whether a browser asks for a page, for somebody who has to say first who it is. */
export const wantsSignIn = async (c: ApiContext, sessions: Sessions): Promise<boolean> =>
  (c.req.header("accept") ?? "").includes("text/html") &&
  c.req.header("authorization") === undefined &&
  (await sessions.callerOf(c)) === undefined
