/** `GET /`: the dashboard. One page, its script and its style, all from here; what they show comes from `/status`. */
import { Hono } from "hono"
import { server } from "../core/http/server/limits.ts"
import { type ApiEnv, lacking, refuseWith } from "./api.ts"
import { readBody } from "./body.ts"
import { script, style } from "./dashboard-files.ts"
import { assetHeaders, pageHeaders, tokenIn, wantsSignIn } from "./page.ts"
import type { Sessions } from "./session.ts"

const page_headers = pageHeaders(
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'none'; " +
    "base-uri 'none'; frame-ancestors 'none'",
)

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Akonis</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/dashboard/style.css">
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. <code>akonis status</code> and <code>akonis top</code> show the same in a terminal.</noscript>
<script src="/dashboard/script.js" type="module"></script>
</body>
</html>
`

/** Paths that a session cookie opens for reading; see `makeSessions`. Events and dead letters are content, and are read with it too. */
export const isDashboardPath = (path: string): boolean =>
  /^(\/tenants\/[^/]+)?\/(status|status\/stream|actions|approvals|dead-letters\/[^/]+|runs\/[^/]+)$/.test(path) ||
  path === "/" ||
  path === "/metrics"

/** What anybody gets: the page, which holds nothing but the way in, and the session that its form opens. */
export const dashboardDoor = (sessions: Sessions): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/", async (c, next) => ((await wantsSignIn(c, sessions)) ? c.html(page, 401, page_headers) : next()))
  app.get("/dashboard/script.js", (c) =>
    c.body(script, 200, assetHeaders("text/javascript; charset=utf-8", "no-cache")),
  )
  app.get("/dashboard/style.css", (c) => c.body(style, 200, assetHeaders("text/css; charset=utf-8", "no-cache")))
  app.post("/session", (c) =>
    readBody(c, server.login_bytes_max, async (form) => {
      if (await sessions.open(c, tokenIn(form))) return c.body(null, 204)
      return refuseWith(c, "unauthenticated", "this token is not known here")
    }),
  )
  app.post("/session/end", (c) => {
    sessions.close(c)
    return c.body(null, 204)
  })
  return app
}

/** The page for whoever has been let in. */
export const dashboardRoutes = (): Hono<ApiEnv> =>
  new Hono<ApiEnv>().get("/", (c) => lacking(c, "reader") ?? c.html(page, 200, page_headers))
