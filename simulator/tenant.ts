import type { SimulatorSettings } from "./options.ts"

/** An OAuth2 access token that was given out. */
interface Token {
  readonly issued_ms: number
  readonly expires_ms: number
  readonly member_cid: string | undefined
}

/** What one listing gives one app id for one partition. */
export interface Session {
  readonly app_id: string
  readonly partition: number
  readonly token: string
  readonly created_ms: number
  refreshed_ms: number
  refreshes: number
  /** Ended before its time, by the control route or because the partition is gone. */
  ended_ms: number
  stream_open: boolean
  /** When its last stream closed. */
  closed_ms: number | undefined
}

/** One request as it was seen, for tests and for `GET /_sim/state`. */
export interface SeenRequest {
  readonly at_ms: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly user_agent: string
  /** The scheme of the Authorization header: Bearer, Token, Basic or none. */
  readonly auth: string
  status: number
}

/** The tenant's memory, as plain data. */
export interface TenantState {
  tokens: Record<string, Token>
  /** By `<app id>/<partition>`. */
  sessions: Record<string, Session>
  /** Times of the requests of the last minute. */
  windows: Record<RateWindow, number[]>
  /** The latest requests, oldest first. */
  requests: SeenRequest[]
  requests_seen: number
  secrets_given: number
}

/** The three budgets that Falcon keeps. */
export type RateWindow = "token" | "bad_bearer" | "tenant"

const per_minute: Record<RateWindow, number> = { token: 300, bad_bearer: 15, tenant: 6_000 }
const minute_ms = 60_000
const requests_kept = 1_000

/** Where a request stands against a budget. */
export interface Budget {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Epoch seconds of the next request that will be allowed. */
  readonly retry_after_s: number
}

/** Tokens, sessions, locks and budgets of one Falcon tenant. */
export class Tenant {
  readonly state: TenantState = {
    tokens: {},
    sessions: {},
    windows: { token: [], bad_bearer: [], tenant: [] },
    requests: [],
    requests_seen: 0,
    secrets_given: 0,
  }

  readonly settings: SimulatorSettings

  constructor(settings: SimulatorSettings) {
    this.settings = settings
  }

  /** Gives out an access token. */
  issueToken(member_cid: string | undefined, now: number): string {
    const token = this.#secret("access")
    this.state.tokens[token] = { issued_ms: now, expires_ms: now + this.settings.token_life_s * 1000, member_cid }
    return token
  }

  /** True for an access token that is known and not expired. */
  accepts(token: string, now: number): boolean {
    const known = this.state.tokens[token]
    return known !== undefined && now < known.expires_ms
  }

  /** Forgets an access token. */
  revoke(token: string): void {
    delete this.state.tokens[token]
  }

  /** True while a listing with this app id finds nothing. */
  held(app_id: string, now: number): boolean {
    return Object.values(this.state.sessions).some((session) => session.app_id === app_id && this.#holds(session, now))
  }

  /** Starts one session per partition in place of those the app id had. */
  startSessions(app_id: string, partitions: Iterable<number>, now: number): Session[] {
    return [...partitions].map((partition) => {
      const session: Session = {
        app_id,
        partition,
        token: this.#secret("session"),
        created_ms: now,
        refreshed_ms: now,
        refreshes: 0,
        ended_ms: Number.POSITIVE_INFINITY,
        stream_open: false,
        closed_ms: undefined,
      }
      this.state.sessions[`${app_id}/${partition}`] = session
      return session
    })
  }

  /** The current session of an app id on a partition, if it lives. */
  session(app_id: string, partition: number, now: number): Session | undefined {
    const session = this.state.sessions[`${app_id}/${partition}`]
    return session !== undefined && now < this.endOf(session) ? session : undefined
  }

  /** When the session ends unless it is refreshed. */
  endOf(session: Session): number {
    const { session_interval_s, session_life_s } = this.settings
    const unrefreshed_ms = session.refreshed_ms + session_interval_s * 1000
    return Math.min(unrefreshed_ms, session.created_ms + session_life_s * 1000, session.ended_ms)
  }

  /** Gives a session another interval. */
  refresh(session: Session, now: number): void {
    session.refreshed_ms = now
    session.refreshes++
  }

  /** Ends the sessions that match. Answers how many. */
  endSessions(match: (session: Session) => boolean, now: number): number {
    const ending = Object.values(this.state.sessions).filter((session) => now < this.endOf(session) && match(session))
    for (const session of ending) session.ended_ms = now
    return ending.length
  }

  /** Takes one request out of a budget. */
  spend(window: RateWindow, now: number): Budget {
    const limit = per_minute[window]
    const times = this.state.windows[window]
    const old = times.findIndex((time) => time > now - minute_ms)
    times.splice(0, old < 0 ? times.length : old)
    const allowed = !this.settings.rate_limits || times.length < limit
    if (allowed) times.push(now)
    const retry_after_s = Math.ceil(((times[0] ?? now) + minute_ms) / 1000)
    return { allowed, limit, remaining: Math.max(0, limit - times.length), retry_after_s }
  }

  /** Remembers a request. */
  saw(request: SeenRequest): void {
    this.state.requests_seen++
    this.state.requests.push(request)
    if (this.state.requests.length > 2 * requests_kept) this.state.requests.splice(0, requests_kept)
  }

  #holds(session: Session, now: number): boolean {
    if (this.settings.lock === "session" && now < this.endOf(session)) return true
    const closed_ms = session.stream_open ? this.endOf(session) : session.closed_ms
    return closed_ms !== undefined && now < closed_ms + this.settings.lock_release_ms
  }

  #secret(what: string): string {
    this.state.secrets_given++
    return `sim-${what}-${this.settings.seed}-${this.state.secrets_given}`
  }
}
