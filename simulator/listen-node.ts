/** The simulator on a port over `node:http`, for the runtimes that are not Bun. */
import { once } from "node:events"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { getRequestListener } from "@hono/node-server"
import { live_clock } from "./clock.ts"
import { ConnectionReset } from "./context.ts"
import { makeEstate } from "./estate.ts"
import { type Listening, type ListenOptions, listening } from "./listen.ts"
import type { SimulatorParts } from "./simulator.ts"

/** Serves a simulator over HTTP, on the live clock. Rejects when the port cannot be opened. */
export const listenNode = async (options: ListenOptions = {}, parts: SimulatorParts = {}): Promise<Listening> => {
  const { port = 0, host = "127.0.0.1", ...rest } = options
  const simulator = makeEstate(rest, live_clock, { ...parts, over_sockets: true })
  const answer = getRequestListener(
    async (request, { outgoing }) => {
      try {
        return breaking(await simulator.fetch(request), outgoing as ServerResponse)
      } catch (error) {
        if (!(error instanceof ConnectionReset)) throw error
        ;(outgoing as ServerResponse).destroy()
        return new Response(null)
      }
    },
    { overrideGlobalObjects: false },
  )
  const serve = (at: number): Server =>
    createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (incoming, outgoing) => {
      void answer(incoming, outgoing)
    }).listen(at, host)
  const server = serve(port)
  await once(server, "listening")
  const close = (open: Server) =>
    new Promise<void>((closed) => {
      open.close(() => closed())
      open.closeAllConnections()
    })
  return listening(simulator, host, { server, port: (server.address() as AddressInfo).port, serve, close })
}

/** A body that breaks breaks the connection. */
const breaking = (answer: Response, outgoing: ServerResponse): Response => {
  const reader = answer.body?.getReader()
  if (reader === undefined) return answer
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch {
          outgoing.destroy()
          controller.close()
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, answer)
}
