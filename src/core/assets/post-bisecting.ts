/** Posts a batch of assets to Sekoia, and bisects what is refused to the assets that it refuses alone. */
import { Effect } from "effect"
import type { ConfigError } from "../errors.ts"
import { halves } from "../falcon/split-ids.ts"
import type { AssetApi } from "../sekoia/asset-api.ts"
import { SekoiaError } from "../sekoia/sekoia-error.ts"
import { assets as limits } from "./limits.ts"
import type { Hash } from "./sent-index.ts"

/** A mapped asset that is to be posted. */
export interface Parcel {
  readonly id: string
  readonly item: Readonly<Record<string, unknown>>
  readonly content: Hash
}

/** How Sekoia takes assets: outlives the cycles, so that an outage costs one post a cycle. */
export interface Standing {
  /** Posts of one asset that it has refused since it was found to refuse everything; 0 while it takes assets. */
  refused_probes: number
  /** Taken last: tells whether it is Sekoia, when it refuses others. */
  good: Parcel | undefined
}

export const newStanding = (): Standing => ({ refused_probes: 0, good: undefined })

export interface Bisecting<E> {
  readonly standing: Standing
  /** Called with what Sekoia has accepted, at once. */
  readonly onAccepted: (parcels: readonly Parcel[]) => Effect.Effect<void, E>
  /** Called with an asset that Sekoia has refused alone, before and after it took another one. */
  readonly onRefused: (parcel: Parcel, error: SekoiaError) => Effect.Effect<void, E>
  /** An asset that is not among the parcels, another one for another number, where there are several. */
  readonly beside: (which: number) => Parcel | undefined
}

type Posting<A, E> = Effect.fn.Return<A, SekoiaError | ConfigError | E>

/**
 * Succeeds when every parcel was either accepted or is refused for what it is: alone, and again after another asset was accepted.
 * Fails when Sekoia takes nothing now, and when it refuses one asset after the other, those beside the parcels and the one it took
 * last included: then the assets are not at fault, and none counts as refused. After that the first post is one asset, until
 * one is accepted. When it is interrupted, an answer that has come is still recorded.
 */
export const postBisecting = Effect.fnUntraced(function* <E>(
  api: AssetApi,
  parcels: readonly Parcel[],
  { standing, onAccepted, onRefused, beside }: Bisecting<E>,
): Posting<void, E> {
  /** Refused alone, and nothing was accepted since. */
  const suspects: Suspect[] = []
  // Taken from the end, so that the halves go out in order.
  let waiting: (readonly Parcel[])[] = [parcels]

  const post = Effect.fnUntraced(function* (
    part: readonly Parcel[],
    record: Bisecting<E>["onAccepted"] = onAccepted,
  ): Posting<SekoiaError | undefined, E> {
    const refusal = yield* postPart(api, part, record)
    if (refusal !== undefined) return refusal
    standing.good = part.at(-1)
    standing.refused_probes = 0
    return undefined
  })

  /** Sekoia takes assets: those that it refuses again are at fault themselves. */
  const postSuspectsAgain = Effect.fnUntraced(function* (): Posting<void, E> {
    for (const { parcel } of suspects.splice(0)) {
      const refusal = yield* post([parcel])
      if (refusal !== undefined) yield* onRefused(parcel, refusal)
    }
  })

  /** Posts one asset. When it is accepted, none of the parcels that wait is that one. */
  const probe = Effect.fnUntraced(function* (parcel: Parcel): Posting<SekoiaError | undefined, E> {
    // The one that was taken before is known already, maybe with what it has become since.
    const refusal = yield* post([parcel], parcel === standing.good ? () => Effect.void : onAccepted)
    if (refusal === undefined) waiting = waiting.map((part) => part.filter((one) => one !== parcel))
    return refusal
  })

  /** Nothing was accepted since the suspects were refused: the last parcel tells why, one beside them, and the one taken last. */
  const tellOutage = Effect.fnUntraced(function* (): Posting<void, E> {
    for (const candidate of [() => waiting[0]?.at(-1), () => beside(0), () => standing.good]) {
      const parcel = candidate()
      if (parcel !== undefined && (yield* probe(parcel)) === undefined) return yield* postSuspectsAgain()
    }
    standing.refused_probes = 1
    return yield* refusesAll(suspects.at(-1)!.refusal)
  })

  if (standing.refused_probes > 0) {
    const others = [parcels[0], beside(standing.refused_probes), parcels.at(-1), standing.good]
    const candidates = [...new Set(others)].filter((parcel) => parcel !== undefined)
    const refusal = yield* probe(candidates[standing.refused_probes % candidates.length]!)
    if (refusal !== undefined) {
      standing.refused_probes++
      return yield* refusesAll(refusal)
    }
  }
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.length === 0) continue
    const refusal = yield* post(part)
    if (refusal === undefined) yield* postSuspectsAgain()
    else if (part.length > 1) waiting.push(...halves(part).toReversed())
    else suspects.push({ parcel: part[0]!, refusal })
    if (suspects.length >= limits.refused_in_row_max) yield* tellOutage()
  }
  if (suspects.length > 0) yield* tellOutage()
})

interface Suspect {
  readonly parcel: Parcel
  readonly refusal: SekoiaError
}

/** Posts some parcels. Succeeds with the error when Sekoia refused these parcels, fails with any other. */
const postPart = <E>(api: AssetApi, parcels: readonly Parcel[], onAccepted: Bisecting<E>["onAccepted"]) =>
  Effect.uninterruptibleMask((restore) =>
    restore(api.post(parcels.map(({ item }) => item))).pipe(
      Effect.andThen(onAccepted(parcels)),
      Effect.as(undefined),
      Effect.catchIf(isAboutItems, (refusal) => Effect.succeed(refusal)),
    ),
  )

const about_items: readonly SekoiaError["reason"][] = ["refused", "too_large", "task_failed"]

const isAboutItems = (error: unknown): error is SekoiaError =>
  error instanceof SekoiaError && about_items.includes(error.reason)

const refusesAll = ({ status, retry_after_ms, message }: SekoiaError) =>
  new SekoiaError({
    reason: "misconfigured",
    status,
    retry_after_ms,
    message: `${message}; it has taken no asset since, so none counts as refused`,
  })
