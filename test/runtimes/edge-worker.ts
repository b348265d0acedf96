/** The handler for the edge as a Worker: its settings are bindings, and what is audited goes to the console. */
import { createHandler, type Handler } from "../../src/edge.ts"

interface Bindings {
  readonly SETTINGS: Record<string, unknown>
}

let handler: Handler | undefined

export default {
  fetch: (request: Request, bindings: Bindings, context: { waitUntil: (pending: Promise<unknown>) => void }) => {
    // What a Worker may do before its first request is little: no request of its own, no random numbers.
    handler ??= createHandler({
      settings: bindings.SETTINGS,
      // biome-ignore lint/suspicious/noConsole: a Worker has nothing else to write to.
      audit: (line) => console.log(`audit ${JSON.stringify(line)}`),
    })
    return handler(request, context)
  },
}
