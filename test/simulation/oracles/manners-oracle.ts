/** Watches how the process behaves towards Falcon and the intake: rates, waits, tokens, refreshes. */
import { falcon } from "../../../src/core/falcon/limits.ts"
import { retry } from "../../../src/core/limits.ts"
import { enrichment } from "../../../src/plugins/enrichment/limits.ts"
import { stream } from "../../../src/plugins/event-stream/limits.ts"
import { endOf, type Fault, isGraphPlace, type RequestPlace, type Scenario } from "../generate/scenario.ts"
import type { Session } from "../model/falcon.ts"
import { isReceipt, isRefusal } from "../model/intake.ts"
import type { VirtualTime } from "../run/time.ts"
import type { Break } from "./delivery-oracle.ts"
import { delayEvents, isBeside } from "./patience.ts"

/** A request, as the server sees it. */
export interface Asked {
  readonly place: RequestPlace
  readonly partition: number | undefined
  readonly whose: string
  readonly sent_ms: number
}

/** What came back: a status, or none at all. */
export interface Outcome {
  readonly status: number | undefined
  /** Until when the server asked to be left alone, if it did. */
  readonly until_ms: number | undefined
  readonly text: string
}

/** The first backoff is a second, half of it drawn; the rest is rounding. */
const shortest_backoff_ms = retry.backoff_ms / 2 - 10
/** A wait that is counted from the answer, seen from the server's side. */
const rounding_ms = 10
/** Six tries with backoff take 15 s at least; who asked may be gone by then, and the next one begins anew. */
const tokens_per_minute = 40
/** A listing costs up to two requests in 10 s while app ids are held; every partition may need its own. */
const lists_per_minute = (partitions: number): number => 20 + 12 * partitions

export class MannersOracle {
  private readonly sent_ms: Record<Budget, number[]> = { token: [], api: [], list: [], enrichment: [] }
  /** Nothing may be sent before, by whom it concerns. */
  private readonly not_before = new Map<string, { readonly at_ms: number; readonly why: string }>()
  private readonly in_flight = new Set<string>()
  private token: { readonly good_until_ms: number; refused: boolean } | undefined
  private started_ms = 0
  private jumped_ms = Number.NEGATIVE_INFINITY
  /** Calls that have paid from their share go later when a 429 holds everybody, and again after a 401. */
  private readonly held_back: number
  private empty = { app_id: "", times: 0 }

  private readonly scenario: Scenario
  private readonly time: VirtualTime
  private readonly start_ms: number
  private readonly broken: Break

  constructor(scenario: Scenario, time: VirtualTime, start_ms: number, broken: Break) {
    this.scenario = scenario
    this.time = time
    this.start_ms = start_ms
    this.broken = broken
    this.held_back = scenario.faults.some(holdsBack) ? enrichment.calls_at_once_max : 0
  }

  /** A new process knows nothing of what the one before was told. */
  started(): void {
    this.started_ms = this.time.now_ms
    this.not_before.clear()
    this.in_flight.clear()
    this.empty = { app_id: "", times: 0 }
    this.token = undefined
    for (const times of Object.values(this.sent_ms)) times.length = 0
  }

  /** The wall clock is another now: what was to be waited for cannot be told any more, nor how long a token is good that is under way. */
  clockJumped(): void {
    this.jumped_ms = this.time.now_ms
    this.not_before.clear()
    this.token = undefined
  }

  /** `whose`: the partition, or the session that a feed is opened under. */
  sent({ place, partition, whose }: Asked): void {
    const now_ms = this.time.now_ms
    const held = this.not_before.get(holder(place, whose))
    if (held !== undefined && now_ms < held.at_ms - rounding_ms) {
      const early_s = Math.round(held.at_ms - now_ms) / 1_000
      this.broken("waits", `${place} is asked ${early_s} s too early: ${held.why}`, partition)
    }
    if (place === "token") this.tokenAsked(now_ms)
    if (isGraphPlace(place))
      this.within(
        "enrichment",
        [1_000, enrichment.api_per_second_max + this.held_back],
        [60_000, enrichment_per_minute],
      )
    if (place === "list" || place === "refresh" || isBeside(place))
      this.within("api", [1_000, falcon.api_per_second_max], [60_000, falcon.tenant_per_minute_max])
    // Whatever ends a connection, the next one comes after a pause.
    if (place === "open") this.hold(place, whose, now_ms + shortest_backoff_ms, "a connection ended just now")
    if (place === "intake" && partition !== undefined) {
      if (this.in_flight.has(whose)) this.broken("in order", "two posts of a partition are under way", partition)
      this.in_flight.add(whose)
    }
  }

  /** The request has its answer, or the process has given it up. */
  over({ place, whose }: Asked): void {
    if (place === "intake") this.in_flight.delete(whose)
  }

  answered({ place, whose, sent_ms }: Asked, outcome: Outcome): void {
    const { status, until_ms } = outcome
    const now_ms = this.time.now_ms
    if (status === 429) {
      // A wait of nothing, or a time that is past, is no permission to come at once.
      const asked_until_ms = Math.max(until_ms ?? now_ms + retry.rate_limited_ms, now_ms + shortest_backoff_ms)
      this.hold(place, whose, Math.min(asked_until_ms, now_ms + retry.retry_after_ms_max), "it answered 429")
    } else if (paced.includes(place) && (status === undefined || status >= 500 || isStrange(place, outcome)))
      this.hold(place, whose, now_ms + shortest_backoff_ms, "it failed just now")
    else if (until_ms === undefined && needsPerson(place, outcome))
      this.hold(place, whose, now_ms + retry.backoff_ms_max, `it answered ${status}`)
    if (place === "list" && until_ms === undefined && status !== 429)
      this.within("list", [60_000, lists_per_minute(this.scenario.partitions.length)])
    if (place === "token") this.tokenAnswered(status, sent_ms, now_ms)
    else if (
      place !== "intake" &&
      place !== "assets" &&
      place !== "tasks" &&
      place !== "open" &&
      status === 401 &&
      this.token !== undefined
    )
      this.token.refused = true
  }

  /** Two looks at an app id that is held, then the next: as long as no other partition reads under the next. */
  listed(app_id: string, is_empty: boolean): void {
    const before = this.empty.app_id === app_id ? this.empty.times : 0
    this.empty = { app_id, times: is_empty ? before + 1 : 0 }
    if (this.empty.times > looks_max && this.scenario.partitions.length === 1)
      this.broken("app ids", `${app_id} is asked ${this.empty.times} times in a row`)
  }

  /** A session ended for want of a refresh while somebody read from it. */
  unrefreshed({ partition, refreshed_ms }: Session): void {
    const from_ms = Math.max(refreshed_ms - retry.retry_after_ms_max - stream.read_idle_ms_max, 0) - this.start_ms
    if (this.started_ms > refreshed_ms) return
    const excuse = this.scenario.faults.some(
      (fault) => hinders(fault) && endOf(fault) >= from_ms && fault.at_ms <= this.time.now_ms - this.start_ms,
    )
    if (!excuse) this.broken("session kept alive", "a session ended because nobody refreshed it", partition)
  }

  private tokenAsked(now_ms: number): void {
    this.within("token", [1_000, falcon.auth_per_second_max], [60_000, tokens_per_minute])
    if (this.token !== undefined && !this.token.refused && now_ms < this.token.good_until_ms - rounding_ms)
      this.broken(
        "token",
        `asked for while the one at hand is good for another ${this.token.good_until_ms - now_ms} ms`,
      )
  }

  private tokenAnswered(status: number | undefined, asked_ms: number, now_ms: number): void {
    if (status === 201) {
      if (asked_ms <= this.jumped_ms) return
      const life_ms = this.scenario.token_life_s * 1_000
      this.token = {
        good_until_ms: asked_ms + life_ms - Math.min(falcon.token_margin_ms, life_ms / 2),
        refused: false,
      }
    } else if (status !== undefined && status >= 400 && status < 404)
      this.hold("token", "", now_ms + falcon.token_failure_ms, `it answered ${status}`)
  }

  private hold(place: RequestPlace, whose: string, at_ms: number, why: string): void {
    const key = holder(place, whose)
    const known = this.not_before.get(key)
    if (known === undefined || known.at_ms < at_ms) this.not_before.set(key, { at_ms, why })
  }

  private within(what: Budget, ...limits: readonly (readonly [ms: number, most: number])[]): void {
    const times = this.sent_ms[what]
    times.push(this.time.now_ms)
    for (const [ms, most] of limits) {
      const first = times[times.length - 1 - most]
      if (first !== undefined && this.time.now_ms - first < ms)
        this.broken("rate budget", `more than ${most} requests (${what}) within ${ms / 1_000} s`)
    }
  }
}

type Budget = "token" | "api" | "list" | "enrichment"

/** What refills in a minute, and what may be saved up before it. */
const enrichment_per_minute = 60 * (enrichment.api_per_second_max - enrichment.api_burst_max) + enrichment.api_burst_max

/** The token, the listing and what runs beside the stream are everybody's; each feed and each partition opens and posts for itself. */
const holder = (place: RequestPlace, whose: string): string => {
  if (isBeside(place)) return "beside"
  return place === "token" || place === "list" ? place : `${place} ${whose}`
}

/** At an app id that is held; and one more by whoever looks for new partitions. */
const looks_max = 3

/** After a failure, nobody else has a reason to come at once: others renew, look for new partitions, or try a last time. */
const paced: readonly RequestPlace[] = ["open", "intake"]

const needsPerson = (place: RequestPlace, { status, text }: Outcome): boolean =>
  place === "intake"
    ? status === 401 || status === 403 || (status === 422 && text.includes("INTAKE_KEY_ERROR"))
    : (place === "list" || place === "open") && status === 403

/** Something answers in the intake's place. Smaller requests may pass what finds one too large. */
const isStrange = (place: RequestPlace, { status, text }: Outcome): boolean =>
  place === "intake" &&
  (status === 200 ? !isReceipt(text) : isRefusal(status) && status !== 413 && !text.startsWith("{"))

const holdsBack = (fault: Fault): boolean =>
  "do" in fault && fault.do.kind === "status" && (fault.do.status === 429 || fault.do.status === 401)

/** Faults after which a session may rightly end unrefreshed. */
const hinders = (fault: Fault): boolean =>
  ["token", "list", "refresh", "disk"].includes(fault.on) || (isBeside(fault.on) && delayEvents(fault))
