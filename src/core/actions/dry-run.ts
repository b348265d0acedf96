/**
 * Dry runs: the handler of the action runs with a `Falcon` that records each request and answers that nothing was found, so
 * that the requests shown are those that would be sent. A handler that looks something up first shows its lookups, and the
 * requests that follow when they find nothing.
 */
import { Context, Effect } from "effect"
import { z } from "zod"
import { FalconAuth } from "../falcon/auth.ts"
import { type Envelope, Falcon } from "../falcon/client.ts"
import type { Operation } from "../falcon/operation.ts"
import { type Pages, type PagesOptions, withParameters } from "../falcon/paginate.ts"
import { requestUrl } from "../falcon/request-url.ts"
import type { Immutable } from "../json-schema.ts"

/** A request as it would go out, without the bearer token. */
export const planned_request = z
  .object({ method: z.string(), url: z.string(), body: z.unknown().exactOptional() })
  .describe("A request as it would go to Falcon, without the bearer token.")

export type PlannedRequest = Immutable<z.output<typeof planned_request>>

const nothing_found: Envelope = {
  status: 200,
  trace_id: undefined,
  resources: [],
  has_resources: true,
  errors: [],
  affected: undefined,
  pagination: undefined,
  meta: {},
  text: "",
}

const nothing_listed: Pages = { resources: [], errors: [], trace_ids: [], calls: 1 }

/** True in a dry run, where calls that only read back how a change ended are left out. */
export const Planning = Context.Reference<boolean>("akonis/core/Planning", { defaultValue: () => false })

/** Runs an effect without sending anything, and returns the requests in the order in which they would be sent. */
export const planned = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<readonly PlannedRequest[], E, Exclude<R, Falcon> | FalconAuth> =>
  Effect.gen(function* () {
    const base_url = yield* (yield* FalconAuth).base_url
    const requests: PlannedRequest[] = []
    const write = (operation: Operation) =>
      Effect.sync(() => {
        const body = operation.body === undefined ? {} : { body: operation.body }
        requests.push({ method: operation.method, url: requestUrl(operation, base_url), ...body })
      })
    const recorder = Falcon.of({
      request: (operation) => Effect.as(write(operation), nothing_found),
      pages: (operation, options) => Effect.as(write(firstPage(operation, options)), nothing_listed),
    })
    yield* effect.pipe(Effect.provideService(Falcon, recorder), Effect.provideService(Planning, true))
    return requests
  })

/** The first request of a walk over pages. */
const firstPage = (operation: Operation, { limit, page_size }: PagesOptions = {}): Operation =>
  page_size === undefined ? operation : withParameters(operation, { limit: Math.min(page_size, limit ?? page_size) })
