/**
 * The time during which the destination refuses one event after the other and takes none. Nothing is given up then: one event at a
 * time is posted, with backoff, until one is taken. In turn it is the first one, so that an outage costs nothing of the order,
 * and another one, so that a run of poison events cannot stand in the way for ever.
 */
import { Effect } from "effect"
import type { HealthCell } from "../telemetry/health.ts"
import { announceWait } from "../wait-policy.ts"
import type { DeliveryError } from "./destination.ts"
import { outage as limits } from "./limits.ts"
import type { Batch } from "./lines/batch.ts"
import { Remaining } from "./remaining.ts"
import type { Standing } from "./standing.ts"

/** Posts the events `[from, to)` until the destination has taken them, or has refused them: then the refusal. */
export type Posting = (batch: Batch, from: number, to: number) => Effect.Effect<DeliveryError | undefined>

/** An event that was refused alone, and not again since the destination took another one. */
interface Suspect {
  readonly index: number
  readonly refusal: DeliveryError
}

/** The batch that is being delivered. */
export interface Open {
  readonly batch: Batch
  readonly remaining: Remaining
  readonly suspects: Suspect[]
}

/** The batches that wait for their turn. */
export interface Ahead {
  readonly next: readonly Batch[]
  readonly hasSpace: boolean
  /** Lets more of them wait. */
  readonly stretch: (on: boolean) => void
  /** Waits for a further one. */
  readonly untilPut: Effect.Effect<void>
}

interface OutageOptions {
  /** What the events go to, as messages name it. */
  readonly name: string
  readonly standing: Standing
  readonly health: HealthCell
  readonly observer: { readonly onRetry: (reason: string) => Effect.Effect<void> }
  readonly ahead?: Ahead
  readonly post: Posting
  /** What remains of batches ahead of which events were taken here. */
  readonly early: Map<Batch, Remaining>
}

interface Probe {
  readonly batch: Batch
  readonly index: number
  /** What to do when it was taken. */
  readonly taken: () => void
  /** Of those that wait for their turn, the first one is not out of turn. */
  readonly is_head: boolean
}

export const makeOutage = ({ name, standing, health, observer, ahead, post, early }: OutageOptions) => {
  const remainingOf = (batch: Batch): Remaining => early.get(batch) ?? new Remaining(batch.count)

  /** The `place`th of all that are not delivered: suspects, the rest of the batch, the batches that wait. */
  const probeAt = ({ batch, remaining, suspects }: Open, place: number): Probe => {
    const is_head = place === 0
    const suspect = suspects[place]
    if (suspect !== undefined)
      return { batch, index: suspect.index, is_head, taken: () => void suspects.splice(place, 1) }
    let left = place - suspects.length
    if (left < remaining.count) {
      const index = remaining.at(left)
      return { batch, index, is_head, taken: () => remaining.drop(index) }
    }
    left -= remaining.count
    for (const next of ahead?.next ?? []) {
      const own = remainingOf(next)
      if (left < own.count) {
        const index = own.at(left)
        const taken = () => {
          own.drop(index)
          early.set(next, own)
        }
        return { batch: next, index, is_head, taken }
      }
      left -= own.count
    }
    throw new RangeError(`no event ${place} to probe with`)
  }

  const waiting = (): number => (ahead?.next ?? []).reduce((sum, batch) => sum + remainingOf(batch).count, 0)

  const undelivered = (open: Open): number => open.suspects.length + open.remaining.count + waiting()

  /** `unmoved`: so many attempts ago the last event came that could be tried. */
  const pick = (open: Open, attempt: number, unmoved: number): Probe => {
    const total = undelivered(open)
    if (attempt % 2 === 1 || total === 1) return again(attempt, unmoved) ?? probeAt(open, 0)
    // A suspect has had its turn; what comes right after the suspects is the next in order. A run ends sooner or later: the last
    // event is the likeliest to lie beyond it.
    const first = open.suspects.length < total ? open.suspects.length : 0
    const place = attempt % 4 === 0 ? total - 1 : spread(attempt / 2, total)
    return probeAt(open, attempt === 2 ? first : place)
  }

  /** When no further event comes, and many were tried, an event that was delivered tells whether it is the destination. */
  const again = (attempt: number, unmoved: number): Probe | undefined => {
    const { good } = standing
    const stuck = ahead !== undefined && unmoved > 2 * limits.probes_max && attempt % 4 === 1
    return good === undefined || !stuck ? undefined : { batch: good, index: 0, is_head: false, taken: () => undefined }
  }

  /** Until the destination has taken something of the partition. */
  const untilAccepted = (open: Open) =>
    Effect.ensuring(
      tryOn(open),
      Effect.sync(() => ahead?.stretch(false)),
    )

  const tryOn = Effect.fnUntraced(function* (open: Open) {
    const { accepted } = standing
    let refusal = open.suspects.at(-1)?.refusal
    let most = 0
    let moved_at = 1
    for (let attempt = 1; standing.accepted === accepted; attempt++) {
      // One poison event at the end of a batch is no outage: the next one goes at once.
      const at_once = attempt === 1 && !standing.refuses_all && open.remaining.count === 0 && waiting() > 0
      ahead?.stretch(standing.refuses_all)
      if (!at_once) yield* pause(refusal, attempt)
      if (standing.accepted !== accepted) return
      if (undelivered(open) > most) {
        most = undelivered(open)
        moved_at = attempt
      }
      const probe = pick(open, at_once ? 2 : attempt, attempt - moved_at)
      const answer = yield* post(probe.batch, probe.index, probe.index + 1)
      if (answer === undefined) {
        if (standing.refuses_all && !probe.is_head) standing.beMorePatient()
        standing.tookProbe(probe.batch, probe.index)
        return probe.taken()
      }
      standing.refused(probe.batch, probe.index)
      refusal = answer
      yield* observer.onRetry(answer.reason)
    }
  })

  const pause = Effect.fnUntraced(function* (refusal: DeliveryError | undefined, attempt: number) {
    const said = refusal?.message ?? `the ${name} refuses everything`
    const what = standing.refuses_all
      ? "it refuses one event after the other and takes none, so none becomes a dead letter"
      : `it becomes a dead letter once the ${name} has taken another event`
    const wait_ms = yield* announceWait({
      recovery: "retry",
      failures: attempt,
      retry_after_ms: refusal?.retry_after_ms,
      message: `${said}; ${what}; no offset moves`,
      health,
      tell: () => [standing.refuses_all ? "failed" : "degraded", `${name} blocked: ${said}; ${what}`],
    })
    const sleep = Effect.sleep(wait_ms)
    // Where only the next event is missing, it need not wait.
    const next = standing.refuses_all || waiting() > 0 ? undefined : ahead?.untilPut
    yield* next === undefined ? sleep : Effect.raceFirst(sleep, next)
  })

  return { untilAccepted }
}

/** Places that lie well apart, whatever their number: multiples of the golden ratio. */
const spread = (n: number, total: number): number => Math.floor(((n * 0.618033988749895) % 1) * total)
