/** Posts a batch of assets to Sekoia, and bisects what is refused to the assets that it refuses alone. */
import { Effect } from "effect"
import type { ConfigError } from "../errors.ts"
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

/** Called with what became of the parcels: for accepted ones at once, for refused ones when the whole batch is done. */
export interface Outcomes<E> {
  readonly onAccepted: (parcels: readonly Parcel[]) => Effect.Effect<void, E>
  readonly onRefused: (parcel: Parcel, error: SekoiaError) => Effect.Effect<void, E>
}

/**
 * Succeeds when every parcel was either accepted or refused alone. Fails when Sekoia takes nothing now, and also when it refuses
 * one asset after the other and accepts none: then the assets are not at fault, and none of them counts as refused. When it is
 * interrupted, an answer that has come is still recorded.
 */
export const postBisecting = Effect.fnUntraced(function* <E>(
  api: AssetApi,
  parcels: readonly Parcel[],
  { onAccepted, onRefused }: Outcomes<E>,
): Effect.fn.Return<void, SekoiaError | ConfigError | E> {
  const refused: { readonly parcel: Parcel; readonly error: SekoiaError }[] = []
  let accepted = 0
  // Taken from the end, so that the halves go out in order.
  const waiting = [parcels]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const error = yield* postPart(api, part, onAccepted)
    if (error === undefined) accepted += part.length
    else if (part.length > 1) {
      const middle = Math.ceil(part.length / 2)
      waiting.push(part.slice(middle), part.slice(0, middle))
    } else refused.push({ parcel: part[0]!, error })
    if (accepted === 0 && refused.length >= limits.refused_in_row_max) return yield* refusesAll(refused.at(-1)!.error)
  }
  for (const { parcel, error } of refused) yield* onRefused(parcel, error)
})

/** Posts some parcels. Succeeds with the error when Sekoia refused these parcels, fails with any other. */
const postPart = <E>(api: AssetApi, parcels: readonly Parcel[], onAccepted: Outcomes<E>["onAccepted"]) =>
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

const refusesAll = ({ status, message }: SekoiaError) =>
  new SekoiaError({
    reason: "misconfigured",
    status,
    retry_after_ms: undefined,
    message: `${message}; it refuses one asset after the other and takes none, so none counts as refused`,
  })
