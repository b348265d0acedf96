/** The beginning of an HTTP/1.1 answer: status line and headers, read from bytes that come in any pieces. */
import { sockets } from "../limits.ts"

export interface ResponseHead {
  readonly status: number
  readonly headers: Headers
  /** What came behind the head: the first bytes of the body, in memory of their own. */
  readonly rest: Uint8Array
}

/** The bytes are no HTTP/1.x answer, or more of a head than anybody sends. `code` is kept in errors, the bytes are not. */
export class ProtocolError extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

const END_OF_HEAD = Buffer.from("\r\n\r\n")
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/
/** RFC 9110, a token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Gathers bytes until the head is whole. `1xx` answers are passed over: the one that counts comes behind them. */
export class HeadReader {
  private gathered: Buffer = Buffer.alloc(0)

  /** `undefined` while the head is not whole. Throws `ProtocolError`. */
  take(bytes: Uint8Array): ResponseHead | undefined {
    this.gathered = this.gathered.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.gathered, bytes])
    for (;;) {
      const end = this.gathered.indexOf(END_OF_HEAD)
      if (end > sockets.head_bytes_max || (end < 0 && this.gathered.length > sockets.head_bytes_max)) {
        throw new ProtocolError("HEAD_TOO_LARGE")
      }
      if (end < 0) return undefined
      const head = parseHead(this.gathered.toString("latin1", 0, end), this.gathered.subarray(end + END_OF_HEAD.length))
      if (head.status >= 200) return { ...head, rest: new Uint8Array(head.rest) }
      if (head.status === 101) throw new ProtocolError("UNEXPECTED_UPGRADE")
      this.gathered = Buffer.from(head.rest)
    }
  }
}

function parseHead(text: string, rest: Uint8Array): ResponseHead {
  const [first = "", ...lines] = text.split("\r\n")
  const status = Number(STATUS_LINE.exec(first)?.[1] ?? Number.NaN)
  if (!(status >= 100 && status <= 599)) throw new ProtocolError("NOT_HTTP")
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(":")
    const name = line.slice(0, colon)
    if (colon < 1 || !HEADER_NAME.test(name)) throw new ProtocolError("BAD_HEADER")
    try {
      headers.append(name, line.slice(colon + 1).trim())
    } catch {
      throw new ProtocolError("BAD_HEADER")
    }
  }
  return { status, headers, rest }
}
