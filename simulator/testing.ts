import type { SimClock } from "./clock.ts"

const form = { client_id: "simulated-client", client_secret: "simulated-secret" }

/** One entry of a listing. */
export interface Feed {
  dataFeedURL: string
  sessionToken: { token: string; expiration: string }
  refreshActiveSessionURL: string
  refreshActiveSessionInterval: number
}

/** A clock that moves only when a test says so. */
export class VirtualClock implements SimClock {
  #now = Date.UTC(2026, 0, 1)
  #sleepers: { due: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const sleeper = { due: this.#now + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        resolve()
      })
    })
  }

  /** Moves on, waking everyone on the way in the order of their times. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms
    await settled()
    for (;;) {
      const next = this.#sleepers.reduce((least, sleeper) => Math.min(least, sleeper.due), Number.POSITIVE_INFINITY)
      if (next > target) break
      this.#now = Math.max(this.#now, next)
      const due = this.#sleepers.filter((sleeper) => sleeper.due <= next)
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.due > next)
      for (const sleeper of due) sleeper.wake()
      await settled()
    }
    this.#now = target
  }
}

/** Lets everything that can go on without time go on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Reads the body of a stream as an SDK does: bytes, split at line ends. */
export class LineReader {
  /** Complete lines so far, without their ends. Empty ones are keepalives. */
  readonly lines: string[] = []
  /** What came after the last line end. */
  rest = ""
  ended = false
  error: unknown
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()

  constructor(response: Response) {
    this.#reader = response.body!.getReader()
  }

  /** The events so far. */
  get events(): string[] {
    return this.lines.filter((line) => line !== "")
  }

  /** The offsets of the events so far. */
  get offsets(): number[] {
    return this.events.map((line) => JSON.parse(line).metadata.offset)
  }

  /** Reads until so many events are there, or the end. */
  async readEvents(events: number): Promise<string[]> {
    while (this.events.length < events && !this.ended) await this.#read()
    return this.events
  }

  /** Reads to the end of the body; a broken connection is remembered in `error`. */
  async readAll(): Promise<this> {
    while (!this.ended) await this.#read()
    return this
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read()
      this.ended = done
      const pieces = (this.rest + this.#decoder.decode(value, { stream: true })).split("\n")
      this.rest = pieces.pop() ?? ""
      this.lines.push(...pieces.map((line) => line.replace(/\r$/, "")))
    } catch (error) {
      this.error = error
      this.ended = true
    }
  }
}

/** A client of the simulator, in process or over sockets. */
export class SdkClient {
  #token: string | undefined

  readonly url: string
  readonly send: (request: Request) => Promise<Response>

  constructor(url: string, send: (request: Request) => Promise<Response> = fetch) {
    this.url = url
    this.send = send
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return this.send(new Request(path.startsWith("http") ? path : this.url + path, init))
  }

  /** Asks for a token. */
  token(fields: Record<string, string> = form): Promise<Response> {
    return this.request("/oauth2/token", { method: "POST", body: new URLSearchParams(fields) })
  }

  /** The Authorization header with a token, asked for once. */
  async bearer(): Promise<{ authorization: string }> {
    if (this.#token === undefined) {
      const body = (await (await this.token()).json()) as { access_token: string }
      this.#token = body.access_token
    }
    return { authorization: `Bearer ${this.#token}` }
  }

  async list(app_id = "app"): Promise<Response> {
    return this.request(`/sensors/entities/datafeed/v2?appId=${app_id}`, { headers: await this.bearer() })
  }

  /** The feeds of a listing. */
  async feeds(app_id = "app"): Promise<Feed[]> {
    return ((await (await this.list(app_id)).json()) as { resources: Feed[] }).resources
  }

  /** Opens a feed; `query` begins with `&`. */
  open(feed: Feed, query = "", init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Token ${feed.sessionToken.token}` }
    return this.request(feed.dataFeedURL + query, { headers, ...init })
  }

  /** Lists and opens the first feed. */
  async stream(query = "", app_id = "app"): Promise<LineReader> {
    const [feed] = await this.feeds(app_id)
    return new LineReader(await this.open(feed!, query))
  }

  async refresh(feed: Feed): Promise<Response> {
    const headers = { ...(await this.bearer()), "content-type": "application/json" }
    return this.request(feed.refreshActiveSessionURL, { method: "POST", headers })
  }

  push(jsons: unknown, intake_key = "simulated-intake-key"): Promise<Response> {
    const headers = { "content-type": "application/json" }
    return this.request("/batch", { method: "POST", headers, body: JSON.stringify({ intake_key, jsons }) })
  }

  /** One of the control routes. */
  control(method: string, path: string, body?: unknown): Promise<Response> {
    return this.request(`/_sim/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  }
}
