/**
 * A model of a Falcon tenant, as small as delivery needs it: tokens, listings, sessions, feeds. It always behaves; faults are
 * put in its way by the wire.
 */
import type { Random } from "../../../simulator/events/random.ts"
import type { Scenario, StreamDeed } from "../generate/scenario.ts"
import type { VirtualTime } from "../run/time.ts"
import { Feed } from "./feed.ts"
import type { Log, LogEvent } from "./workload.ts"

export const api_url = "http://api.eu-1.crowdstrike.com"
const feed_url = "http://firehose.eu-1.crowdstrike.com"

export interface Session {
  readonly app_id: string
  readonly partition: number
  readonly token: string
  readonly created_ms: number
  refreshed_ms: number
  ended: boolean
  feed: Feed | undefined
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | ReadableStream<Uint8Array>
}

/** What the oracle wants to know. */
export interface FalconWatcher {
  readonly onGiven: (last: LogEvent, count: number) => void
  /** A session ended for want of a refresh while somebody read from it. */
  readonly onUnrefreshed: (session: Session) => void
  /** A partition is opened before an event that it has been given whole. */
  readonly onDropped: (event: LogEvent) => void
  /** An app id is asked for under which this process reads. */
  readonly onOwnAsked: (app_id: string) => void
  /** The offsets of a partition begin anew. */
  readonly onAnew: (partition: number) => void
  readonly note: (what: string, partition?: number) => void
}

const failure = (status: number, message: string): Answer => ({
  status,
  body: JSON.stringify({ errors: [{ code: status, message }], resources: null }),
})

export class Falcon {
  private readonly tokens = new Map<string, number>()
  private readonly sessions = new Set<Session>()
  private secrets = 0
  /** What each partition has been given at the end of a body. */
  private readonly whole = new Map<number, LogEvent>()
  /** By partition: the position of the oldest event that is not forgotten. */
  private readonly oldest = new Map<number, number>()

  private readonly scenario: Scenario
  private readonly logs: readonly Log[]
  private readonly time: VirtualTime
  private readonly random: Random
  private readonly watcher: FalconWatcher

  constructor(scenario: Scenario, logs: readonly Log[], time: VirtualTime, random: Random, watcher: FalconWatcher) {
    this.scenario = scenario
    this.logs = logs
    this.time = time
    this.random = random
    this.watcher = watcher
  }

  token(): Answer {
    const token = `access-${++this.secrets}`
    const { token_life_s } = this.scenario
    this.tokens.set(token, this.time.now_ms + token_life_s * 1_000)
    return { status: 201, body: JSON.stringify({ access_token: token, expires_in: token_life_s }) }
  }

  /** The token is good for nothing from now on. */
  revoke(authorization: string): void {
    this.tokens.delete(authorization.replace(/^Bearer /, ""))
  }

  /** `without`: a partition that the listing leaves out; `nothing`: it leaves out all. */
  list(app_id: string, authorization: string, without: number | undefined, nothing: boolean): Answer {
    if (!this.accepts(authorization)) return failure(401, "invalid bearer token")
    const held = [...this.sessions].some((session) => session.app_id === app_id && this.holds(session))
    if ([...this.sessions].some(({ app_id: own, feed }) => own === app_id && feed !== undefined))
      this.watcher.onOwnAsked(app_id)
    if (held || nothing) return this.listing(app_id, [], held ? "held" : "nothing")
    for (const session of this.sessions) if (session.app_id === app_id) this.end(session)
    const partitions = this.random.shuffle(this.logs.map(({ partition }) => partition))
    const sessions = partitions
      .filter((partition) => partition !== without)
      .map((partition) => this.start(app_id, partition))
    return this.listing(app_id, sessions, `${sessions.length} partitions`)
  }

  refresh(app_id: string, partition: number, authorization: string): Answer {
    if (!this.accepts(authorization)) return failure(401, "invalid bearer token")
    const session = [...this.sessions].find((one) => one.app_id === app_id && one.partition === partition && !one.ended)
    if (session === undefined) return failure(404, "Resource Not Found")
    session.refreshed_ms = this.time.now_ms
    this.watch(session)
    this.watcher.note("session refreshed", partition)
    return { status: 200, body: JSON.stringify({ errors: [], resources: [] }) }
  }

  open(partition: number, authorization: string, query: URLSearchParams): Answer {
    const session = [...this.sessions].find((one) => !one.ended && `Token ${one.token}` === authorization)
    if (session === undefined || session.partition !== partition) return failure(401, "invalid session token")
    if (session.feed !== undefined) return failure(409, "the partition has a consumer already")
    const log = this.logs[partition]!
    const whole = this.whole.get(partition)
    this.whole.delete(partition)
    if (whole !== undefined && Number(query.get("offset") ?? -1) < whole.offset) this.watcher.onDropped(whole)
    const feed = new Feed({
      log,
      first: this.firstPosition(log, query.get("offset")),
      oldest: this.oldest.get(partition) ?? 0,
      time: this.time,
      random: this.random,
      ...this.scenario,
      onGiven: this.watcher.onGiven,
      onWhole: (event) => {
        if (event.tells_offset && event.goes_to === "intake") this.whole.set(partition, event)
      },
      onClosed: () => {
        session.feed = undefined
      },
    })
    session.feed = feed
    this.watcher.note(`feed opened at ${query.get("offset") ?? "the oldest"}`, partition)
    return { status: 200, body: feed.body }
  }

  /** A fault strikes the feeds of a partition. */
  strike(partition: number, deed: StreamDeed, until_ms: number): void {
    if (deed.kind === "anew") this.beginAnew(this.logs[partition]!)
    for (const session of this.sessions) {
      if (session.partition !== partition || session.ended) continue
      if (deed.kind === "session_end" || deed.kind === "anew") this.end(session)
      else session.feed?.suffer(deed, until_ms)
    }
  }

  /** A new process knows nothing of what the one before was given. */
  started(): void {
    this.whole.clear()
  }

  /** The other end closes its connection, or all of them when its process is gone. */
  hangUp(authorization?: string): void {
    for (const { feed, token } of this.sessions) {
      if (authorization === undefined || authorization === `Token ${token}`) feed?.close()
    }
  }

  /** The answer to a token that is not good (any more). */
  guard(authorization: string): Answer | undefined {
    return this.accepts(authorization) ? undefined : failure(401, "invalid bearer token")
  }

  private accepts(authorization: string): boolean {
    const expires_ms = this.tokens.get(authorization.replace(/^Bearer /, ""))
    return expires_ms !== undefined && this.time.now_ms < expires_ms
  }

  private holds(session: Session): boolean {
    return !session.ended && (this.scenario.lock === "session" || session.feed !== undefined)
  }

  private start(app_id: string, partition: number): Session {
    const now_ms = this.time.now_ms
    const token = `session-${++this.secrets}`
    const session: Session = {
      app_id,
      partition,
      token,
      created_ms: now_ms,
      refreshed_ms: now_ms,
      ended: false,
      feed: undefined,
    }
    this.sessions.add(session)
    this.watch(session)
    this.time.after(this.scenario.session_life_s * 1_000, () => this.end(session))
    return session
  }

  private watch(session: Session): void {
    const { refreshed_ms } = session
    this.time.after(this.scenario.session_interval_s * 1_000, () => {
      if (session.ended || session.refreshed_ms !== refreshed_ms) return
      if (session.feed !== undefined) this.watcher.onUnrefreshed(session)
      this.end(session)
    })
  }

  private end(session: Session): void {
    if (session.ended) return
    session.ended = true
    this.sessions.delete(session)
    this.watcher.note(`session ${session.app_id} ends`, session.partition)
    session.feed?.end()
  }

  private beginAnew({ partition, anew_from }: Log): void {
    this.oldest.set(partition, anew_from)
    this.whole.delete(partition)
    this.watcher.onAnew(partition)
  }

  /** What is asked for by an offset that is forgotten begins at the oldest. */
  private firstPosition(log: Log, offset: string | null): number {
    const oldest = this.oldest.get(log.partition) ?? 0
    const exact = log.positions.get(Number(offset ?? -1))
    if (offset === null || (oldest > 0 && (exact === undefined || exact < oldest))) return oldest
    if (exact !== undefined) return this.scenario.resume === "inclusive" ? exact : exact + 1
    const next = log.events.findIndex((event) => event.offset > Number(offset))
    return next < 0 ? log.events.length : next
  }

  private listing(app_id: string, sessions: readonly Session[], what: string): Answer {
    this.watcher.note(`listing for ${app_id}: ${what}`)
    const resources = sessions.map(({ partition, token }) => ({
      dataFeedURL: `${feed_url}/sensors/entities/datafeed/v1/${partition}?appId=${app_id}`,
      sessionToken: { token },
      refreshActiveSessionURL: `${api_url}/sensors/entities/datafeed-actions/v1/${partition}?appId=${app_id}&action_name=refresh_active_stream_session`,
      refreshActiveSessionInterval: this.scenario.session_interval_s,
    }))
    return { status: 200, body: JSON.stringify({ errors: [], resources }) }
  }
}
