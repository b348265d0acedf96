/** Getting a batch of assets to Sekoia: what it refuses is halved until the guilty one stands alone. */
import { Effect } from "effect"
import type { ConfigError } from "../errors.ts"
import type { AssetApi, AssetApiError } from "../sekoia/asset-api.ts"
import type { Hash } from "./known.ts"

/** A mapped asset on its way. */
export interface Parcel {
  readonly id: string
  readonly item: Readonly<Record<string, unknown>>
  readonly content: Hash
}

/** What happens to a parcel, at once after it is certain. */
export interface Outcomes<E> {
  readonly onAccepted: (parcels: readonly Parcel[]) => Effect.Effect<void, E>
  readonly onRefused: (parcel: Parcel, error: AssetApiError) => Effect.Effect<void, E>
}

/**
 * Succeeds when every parcel was either accepted or refused for itself. Fails when Sekoia takes nothing now. Interrupted, it
 * never forgets an answer that has come: what was accepted is also recorded.
 */
export const deliver = <E>(
  api: AssetApi,
  parcels: readonly Parcel[],
  outcomes: Outcomes<E>,
): Effect.Effect<void, AssetApiError | ConfigError | E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const error = yield* restore(api.post(parcels.map(({ item }) => item))).pipe(
        Effect.as(undefined),
        Effect.catchIf(isAboutItems, (refusal) => Effect.succeed(refusal)),
      )
      if (error === undefined) return yield* outcomes.onAccepted(parcels)
      if (parcels.length === 1) return yield* outcomes.onRefused(parcels[0]!, error)
      const middle = Math.ceil(parcels.length / 2)
      yield* restore(deliver(api, parcels.slice(0, middle), outcomes))
      yield* restore(deliver(api, parcels.slice(middle), outcomes))
    }),
  )

const isAboutItems = (error: AssetApiError | ConfigError): error is AssetApiError =>
  error._tag === "AssetApiError" && (error.reason === "refused" || error.reason === "too_large")
