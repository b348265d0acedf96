/**
 * Stream discovery: `GET /sensors/entities/datafeed/v2?appId=` (scope Event streams: Read). Every entry stands for itself:
 * one that cannot be used is told by partition and field, and the others are read. The answer's URLs are checked before any
 * token goes to them.
 */
import { Clock, Effect } from "effect"
import { FalconAuth } from "../../core/falcon/auth.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { FalconError } from "../../core/falcon/errors.ts"
import { forPurpose } from "../../core/http/client/purpose.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { choose, readEntry } from "./entry.ts"
import type { Feed } from "./feed.ts"
import { listing as limits } from "./limits.ts"

/** What a listing brought. */
interface Listing {
  /** `[]` while an earlier session holds the app id; one for each partition. */
  readonly feeds: readonly Feed[]
  /** What is wrong with it, a sentence each: entries that cannot be used or not as they are, errors beside the list. */
  readonly complaints: readonly string[]
}

export const scopes = ["Event streams: Read"] as const

/**
 * Lists the streams under an app id. One try; the caller decides about more. Fails when Falcon answers with errors and no
 * stream, and when none of the listed streams can be used.
 */
export const listFeeds = Effect.fnUntraced(function* (app_id: string) {
  const falcon = yield* Falcon
  const auth = yield* FalconAuth
  const answer = yield* falcon
    .request({
      name: "streams.list",
      method: "GET",
      path: "/sensors/entities/datafeed/v2",
      query: { appId: app_id },
      idempotent: true,
      scopes,
      retry: "none",
    })
    .pipe(forPurpose("session"))
  const refusal = answer.errors[0]
  if (answer.resources.length === 0 && refusal !== undefined) {
    return yield* failure(
      refusal.code === 403 ? "forbidden" : "rejected",
      `Falcon lists no streams: ${refusal.message}`,
    )
  }
  const base_url = yield* auth.base_url
  const listed_ms = monotonicMs(yield* Clock.Clock)
  const entries = answer.resources.map((resource, index) =>
    readEntry(resource, index, answer.resources.length, base_url),
  )
  const { taken, complaints } = choose(entries)
  const errors = answer.errors.map(({ message }) => `Falcon lists streams and an error beside them: ${message}`)
  if (taken.length === 0 && entries.length > 0) {
    const untrusted = entries.every((entry) => entry.untrusted)
    return yield* failure(
      untrusted ? "untrusted_url" : "malformed",
      `none can be read: ${summed(complaints).join("; ")}`,
    )
  }
  const feeds = taken.map(({ usable }): Feed => ({ ...usable, app_id, listed_ms }))
  return { feeds, complaints: summed([...errors, ...complaints]) } satisfies Listing
})

/** The first few, and how many more there are. */
const summed = (complaints: readonly string[]): readonly string[] => {
  const more = complaints.length - limits.complaints_max
  return more <= 0 ? complaints : [...complaints.slice(0, limits.complaints_max), `and ${more} more`]
}

const failure = (reason: FalconError["reason"], message: string): FalconError =>
  new FalconError({
    reason,
    operation: "streams.list",
    errors: [],
    scopes: reason === "forbidden" ? scopes : [],
    message,
  })
