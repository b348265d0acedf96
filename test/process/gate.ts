/** A door in front of an address: while it is shut, connections are refused. */
import { connect, createServer, type Socket } from "node:net"

export interface Gate {
  /** The way through; the same every time it is open. */
  readonly url: string
  readonly open: () => Promise<void>
  /** Refuses new connections and breaks those that are through. */
  readonly shut: () => Promise<void>
}

/** A gate before `target`, a URL on loopback. It is open at first. */
export const openGate = async (target: string): Promise<Gate> => {
  const to = new URL(target)
  const through = new Set<Socket>()
  const server = createServer((client) => {
    const onward = connect(Number(to.port), to.hostname)
    for (const [from, into] of [[client, onward] as const, [onward, client] as const]) {
      through.add(from)
      from.on("error", () => into.destroy())
      from.on("close", () => {
        through.delete(from)
        into.destroy()
      })
      from.pipe(into)
    }
  })
  const listen = (port: number) => new Promise<void>((done) => void server.listen(port, to.hostname, done))
  await listen(0)
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the gate has no port")
  const { port } = address
  return {
    url: `http://${to.hostname}:${port}`,
    open: () => listen(port),
    shut: () =>
      new Promise((done) => {
        if (!server.listening) return done()
        server.close(() => done())
        for (const socket of through) socket.destroy()
      }),
  }
}
