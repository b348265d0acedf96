/** A socket, read piece by piece when somebody asks. */
import type net from "node:net"
import { sockets } from "../limits.ts"

/**
 * Once it keeps `sockets.waiting_bytes_max` or more that nobody has asked for, the socket is paused, so that TCP tells the sender to wait,
 * until all that was kept is taken and more is asked for. So of a busy feed, in pieces of half a megabyte, there is one at a time: the
 * kernel reads ahead in its own memory, and a partition that waits for its intake holds no more than the piece that it works on.
 */
export class SocketReader {
  private readonly waiting: Uint8Array[] = []
  private waiting_bytes = 0
  private ended = false
  private error: Error | undefined
  private wake: (() => void) | undefined

  private readonly socket: net.Socket

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.on("data", (bytes: Buffer) => {
      this.waiting.push(bytes)
      this.waiting_bytes += bytes.length
      if (this.waiting_bytes >= sockets.waiting_bytes_max) socket.pause()
      this.wake?.()
    })
    socket.on("end", () => this.finish(undefined))
    socket.on("error", (error) => this.finish(error))
    // Without an end or an error before it, somebody on our side has closed.
    socket.on("close", () => this.finish(Object.assign(new Error("closed"), { code: "ECONNRESET" })))
    socket.resume()
  }

  /** The next piece, in memory of its own; `undefined` once the other side has ended. One reader at a time. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.waiting.shift()
      if (bytes !== undefined) {
        this.waiting_bytes -= bytes.length
        return bytes
      }
      if (this.error !== undefined) throw this.error
      if (this.ended) return undefined
      if (this.socket.isPaused()) this.socket.resume()
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = undefined
    }
  }

  private finish(error: Error | undefined): void {
    if (this.ended || this.error !== undefined) return
    if (error === undefined) this.ended = true
    else this.error = error
    this.wake?.()
  }
}
