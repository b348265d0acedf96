/** Where the body of an HTTP/1.1 answer ends: told by its length, by chunks, or by the end of the connection (RFC 9112, 6). */
import { sockets } from "../limits.ts"
import { ProtocolError } from "./response-head.ts"

export interface BodyFraming {
  /**
   * Takes what the socket gave and leaves the bytes of the body at its beginning, in place; tells how many they are. Throws
   * `ProtocolError`. Bytes behind the end of the body are dropped: nobody has asked for another answer.
   */
  readonly take: (bytes: Uint8Array) => number
  /** The body is whole. */
  readonly isDone: () => boolean
  /** Whether the body may end here, with the connection. */
  readonly mayEndNow: () => boolean
}

/** By the headers of an answer to a GET; `status` matters since some never have a body. */
export function framingOf(status: number, headers: Headers): BodyFraming {
  if (status === 204 || status === 304) return fixedLength(0)
  const coding = headers.get("transfer-encoding")?.trim().toLowerCase() ?? ""
  if (coding !== "") {
    if (coding !== "chunked") throw new ProtocolError("UNKNOWN_TRANSFER_ENCODING")
    return new ChunkedFraming()
  }
  const told = headers.get("content-length")
  if (told === null) return untilClosed()
  // Several equal lengths count as one (RFC 9112, 6.3).
  const [length, ...others] = [...new Set(told.split(",").map((one) => one.trim()))]
  if (length === undefined || others.length > 0 || !/^\d{1,15}$/.test(length)) throw new ProtocolError("BAD_LENGTH")
  return fixedLength(Number(length))
}

const untilClosed = (): BodyFraming => ({
  take: (bytes) => bytes.length,
  isDone: () => false,
  mayEndNow: () => true,
})

function fixedLength(length: number): BodyFraming {
  let left = length
  return {
    take: (bytes) => {
      const taken = Math.min(left, bytes.length)
      left -= taken
      return taken
    },
    isDone: () => left === 0,
    mayEndNow: () => left === 0,
  }
}

const LF = 0x0a
const CR = 0x0d

/** Where the next byte belongs. */
type Place = "size" | "data" | "after_data" | "trailer" | "end"

/** Chunks: a size in hexadecimal, its bytes, and so on until a size of 0, which trailers may follow. */
class ChunkedFraming implements BodyFraming {
  private place: Place = "size"
  /** Bytes of the chunk that are still to come. */
  private left = 0
  /** The line that is being read: a size, or a trailer. */
  private line = ""
  private trailer_bytes = 0

  isDone = (): boolean => this.place === "end"
  mayEndNow = this.isDone

  take(bytes: Uint8Array): number {
    let written = 0
    let at = 0
    while (at < bytes.length && this.place !== "end") {
      if (this.place !== "data") {
        this.step(bytes[at++]!)
        continue
      }
      const taken = Math.min(this.left, bytes.length - at)
      if (written !== at) bytes.copyWithin(written, at, at + taken)
      written += taken
      at += taken
      this.left -= taken
      if (this.left === 0) this.place = "after_data"
    }
    return written
  }

  /** One byte outside of data. */
  private step(byte: number): void {
    if (byte === CR) return
    if (byte !== LF) {
      if (this.place === "after_data") throw new ProtocolError("BAD_CHUNK")
      this.line += String.fromCharCode(byte)
      if (this.line.length > sockets.chunk_line_chars_max) throw new ProtocolError("BAD_CHUNK")
      return
    }
    const line = this.line
    this.line = ""
    if (this.place === "after_data") this.place = "size"
    else if (this.place === "size") this.begin(line)
    else if (line === "") this.place = "end"
    else {
      this.trailer_bytes += line.length
      if (this.trailer_bytes > sockets.head_bytes_max) throw new ProtocolError("HEAD_TOO_LARGE")
    }
  }

  private begin(line: string): void {
    // What follows a semicolon are extensions, which nobody uses.
    const size = line.split(";", 1)[0]!.trim()
    // As many zeros before the size as somebody likes: some servers write all sizes equally long.
    if (!/^0*[0-9a-fA-F]{1,12}$/.test(size)) throw new ProtocolError("BAD_CHUNK")
    this.left = Number.parseInt(size, 16)
    this.place = this.left === 0 ? "trailer" : "data"
  }
}
