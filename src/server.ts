/**
 * The HTTP API as a module. Started by itself, by Bun, Deno or Node, it is `akonis serve`. For `deno serve`, which brings a server of its
 * own, and for a program that imports it, it is `export default { fetch }`.
 */
import "./outlive-hangups-of-server.ts"
import { makeApp, makeCli } from "./akonis.ts"
import type { AppOf } from "./api/client.ts"
import { peerOf } from "./core/http/server/peer.ts"
import { isMain } from "./core/runtime/is-main.ts"
import { runtime } from "./core/runtime/runtime.ts"
import { plugins } from "./plugins/index.ts"
import { runProcess } from "./run-main.ts"

/** What `hc<AppType>` of `hono/client` knows: the routes of everything that ships. */
export type AppType = AppOf<typeof plugins>

type Listening = Parameters<typeof makeApp>[1]["listening"]

let app: ReturnType<typeof makeApp> | undefined
const open = (listening?: Listening) => {
  app ??= makeApp(plugins, { env: process.env, listening })
  return app
}

const handler = {
  fetch: async (request: Request, told?: unknown): Promise<Response> =>
    (await open()).fetch(request, { peer: peerOf(request, told) }),
  /** `deno serve` calls it, before the first request. Its server stops taking requests at a signal by itself; what is under way ends first. */
  onListen: ({ hostname, port }: { readonly hostname: string; readonly port: number }): void => {
    const opened = open({ by: "deno serve", hostname, port })
    const stop = () => void opened.then(({ stop }) => stop()).then(() => process.exit(0))
    process.once("SIGTERM", stop)
    process.once("SIGINT", stop)
    process.on("SIGHUP", () => void opened.then(({ reload }) => reload()))
  },
}

const is_main = isMain(import.meta)
const serve = () => {
  if (app === undefined) runProcess(makeCli(plugins)(["serve"]))
}

// `deno serve` has called `onListen` by then; `deno run` never does.
if (is_main) setTimeout(serve, 0)

// Bun would serve whatever a module that it starts exports with a `fetch`.
export default is_main && runtime === "bun" ? undefined : handler
