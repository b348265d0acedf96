/**
 * The entry for a runtime that brings its own server: `export default { fetch }` is what `bun src/server.ts` and
 * `deno serve -A src/server.ts` start.
 */
import { makeApp } from "./akonis.ts"
import type { AppOf } from "./api/client.ts"
import { peerOf } from "./core/http/server/peer.ts"
import { plugins } from "./plugins/index.ts"

/** What `hc<AppType>` of `hono/client` knows: the routes of everything that ships. */
export type AppType = AppOf<typeof plugins>

const load = () => makeApp(plugins, { env: process.env })

// Started by itself it looks at its configuration before it listens.
let app: ReturnType<typeof load> | undefined
if (import.meta.main) {
  app = load()
  await app
}

export default {
  development: false,
  reusePort: false,
  port: Number(process.env.AKONIS_PORT ?? 8_080),
  hostname: process.env.AKONIS_HOST ?? "127.0.0.1",
  fetch: async (request: Request, told?: unknown): Promise<Response> => {
    app ??= load()
    return (await app)(request, { peer: peerOf(request, told) })
  },
}
