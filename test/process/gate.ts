/** A door in front of an address: while it is shut, connections are refused. */
import { connect, createServer, type Socket } from "node:net"
import type { Duplex } from "node:stream"

export interface Gate {
  /** The way through; the same every time it is open. */
  readonly url: string
  readonly port: number
  readonly open: () => Promise<void>
  /** Refuses new connections and breaks those that are through. */
  readonly shut: () => Promise<void>
  /** Breaks the connections that are through, and goes on taking new ones. */
  readonly cut: () => void
}

/** What bytes go through on their way: `up` from client to server, `down` back. */
export type Shape = (way: "up" | "down") => Duplex

/** A gate before `target`, a URL on loopback. It is open at first. */
export const openGate = async (target: string, shape?: Shape): Promise<Gate> => {
  const to = new URL(target)
  const through = new Set<Socket>()
  const server = createServer((client) => {
    const onward = connect(Number(to.port), to.hostname)
    const ways = [
      { way: "up", from: client, into: onward },
      { way: "down", from: onward, into: client },
    ] as const
    for (const { way, from, into } of ways) {
      through.add(from)
      from.on("error", () => into.destroy())
      from.on("close", () => {
        through.delete(from)
        into.destroy()
      })
      if (shape === undefined) from.pipe(into)
      else from.pipe(shape(way)).pipe(into)
    }
  })
  const cut = () => {
    for (const socket of through) socket.destroy()
  }
  const listen = (port: number) => new Promise<void>((done) => void server.listen(port, to.hostname, done))
  await listen(0)
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the gate has no port")
  const { port } = address
  return {
    url: `http://${to.hostname}:${port}`,
    port,
    open: () => listen(port),
    shut: () =>
      new Promise((done) => {
        if (!server.listening) return done()
        server.close(() => done())
        cut()
      }),
    cut,
  }
}
