/** Single lookups that come within a few milliseconds of each other travel in one call. */
import { Duration, Effect, Exit, Request, RequestResolver } from "effect"
import type { FalconError } from "../../core/falcon/errors.ts"
import { enrichment } from "./limits.ts"

interface Lookup<A> extends Request.Request<A | undefined, FalconError> {
  readonly id: string
  readonly group: string
}

/**
 * Makes a function that looks up one id. Those of a group are handed to `ask` together, at most `ids_max` of them and each
 * once; what it does not find is `undefined`, and its failure is everybody's.
 */
export const makeBatched = <A>(
  ids_max: number,
  ask: (ids: readonly string[], group: string) => Effect.Effect<ReadonlyMap<string, A>, FalconError>,
): ((id: string, group: string) => Effect.Effect<A | undefined, FalconError>) => {
  const resolver = RequestResolver.makeGrouped<Lookup<A>, string>({
    key: ({ request }) => request.group,
    resolver: (entries, group) =>
      Effect.map(ask([...new Set(entries.map(({ request }) => request.id))], group), (found) => {
        for (const entry of entries) entry.completeUnsafe(Exit.succeed(found.get(entry.request.id)))
      }),
  }).pipe(RequestResolver.setDelay(Duration.millis(enrichment.batch_wait_ms)), RequestResolver.batchN(ids_max))
  const lookup = Request.of<Lookup<A>>()
  return (id, group) => Effect.request(lookup({ id, group }), resolver)
}
