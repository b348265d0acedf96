/** `GET /docs`: a page to read and try the API, everything on it served from here. */
import { Hono } from "hono"
import { server } from "../core/http/server/limits.ts"
import { type ApiContext, type ApiEnv, lacking } from "./api.ts"
import { swaggerAsset } from "./assets.ts"
import { readBody } from "./body.ts"
import { assetHeaders, pageHeaders, tokenIn, wantsSignIn } from "./page.ts"
import type { Sessions } from "./session.ts"

/** Paths that a session cookie opens. */
export const isDocsPath = (path: string): boolean =>
  path === "/docs" || path.startsWith("/docs/") || path === "/openapi.json"

/** Swagger UI sets styles on elements and draws its icons from `data:` images; everything else is from here. */
const page_headers = pageHeaders(
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
)

/** The form and what it posts to: open, since a token is what they ask for. */
export const loginRoutes = (sessions: Sessions): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/docs", async (c, next) => ((await wantsSignIn(c, sessions)) ? html(c, loginPage(""), 401) : next()))
  app.post("/docs/login", (c) =>
    readBody(c, server.login_bytes_max, async (form) => {
      if (!(await sessions.open(c, tokenIn(form)))) return html(c, loginPage("This token is not known here."), 401)
      return c.redirect("/docs", 303)
    }),
  )
  app.post("/docs/logout", (c) => {
    sessions.close(c)
    return c.redirect("/docs", 303)
  })
  return app
}

/** The page and its parts, for whoever has been let in. */
export const docsRoutes = (): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  app.get("/docs", (c) => lacking(c, "reader") ?? html(c, docsPage, 200))
  app.get("/docs/start.js", (c) => c.body(start_script, 200, asset_headers("text/javascript; charset=utf-8")))
  app.get("/docs/:asset", async (c, next) => {
    const asset = await swaggerAsset(c.req.param("asset"))
    return asset === undefined ? next() : c.body(asset.bytes, 200, asset_headers(asset.type))
  })
  return app
}

const asset_headers = (type: string) => assetHeaders(type, "private, max-age=3600")

const html = (c: ApiContext, text: string, status: 200 | 401): Response => c.html(text, status, page_headers)

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Akonis API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<form method="post" action="/docs/logout" style="text-align: right; padding: .5rem"><button>Log out</button></form>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

/** Plain browser code. The validator badge and the query configuration of Swagger UI would reach outside. */
const start_script = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#ui",
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
})
`

const loginPage = (message: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Akonis API</title>
<link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 20vh auto 0; padding: 0 1rem }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin-top: .5rem }
.message { color: #b00020 }
</style>
</head>
<body>
<h1>Akonis API</h1>
<form method="post" action="/docs/login">
<label for="token">A token of this server: one of <code>server.tokens</code>, or the one in <code>data_dir/api-token</code></label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Read the documentation</button>
<p class="message" role="status">${message}</p>
</form>
</body>
</html>
`
