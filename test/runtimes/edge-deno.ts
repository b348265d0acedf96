/** The handler for the edge under Deno; settings come as an argument, since there is no permission but the network. */
import { createHandler } from "../../src/edge.ts"

declare const Deno: {
  readonly args: readonly string[]
  readonly serve: (options: object, handler: (request: Request) => Promise<Response>) => unknown
}

const say = (text: string) => process.stdout.write(`${text}\n`)

const handler = createHandler({
  settings: JSON.parse(Deno.args[0]!),
  audit: (line) => void say(`audit ${JSON.stringify(line)}`),
})

const onListen = ({ hostname, port }: { hostname: string; port: number }) =>
  say(`listens on http://${hostname}:${port};`)

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, (request) => handler(request))
