/**
 * Stream discovery: `GET /sensors/entities/datafeed/v2?appId=` (scope Event streams: Read). The answer's URLs are checked
 * before any token goes to them.
 */
import { Clock, Effect, Redacted } from "effect"
import { z } from "zod"
import { FalconAuth } from "../../core/falcon/auth.ts"
import { Falcon } from "../../core/falcon/client.ts"
import { FalconError } from "../../core/falcon/errors.ts"
import { whySiteDiffers } from "../../core/http/origin.ts"
import { forPurpose } from "../../core/http/pools.ts"
import { monotonicMs } from "../../core/monotonic.ts"

/** What may be read for a while: one partition, under one app id, until its session ends. */
export interface Feed {
  /** The feed's URL without its query: the partition's name in `cache.json`. */
  readonly root_url: string
  readonly url: string
  readonly token: Redacted.Redacted<string>
  readonly refresh_url: string
  /** The session ends unless it is refreshed within this. */
  readonly interval_ms: number
  readonly app_id: string
  /** By the monotonic clock. */
  readonly listed_ms: number
}

export const scopes = ["Event streams: Read"] as const

const resource = z.object({
  dataFeedURL: z.string().min(1),
  sessionToken: z.object({ token: z.string().min(1) }),
  refreshActiveSessionURL: z.string().min(1),
  refreshActiveSessionInterval: z.coerce.number().positive(),
})

/** Lists the streams under an app id: `[]` while an earlier session holds it. One try; the caller decides about more. */
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
  const feeds: Feed[] = []
  for (const entry of answer.resources) {
    const parsed = resource.safeParse(entry)
    if (!parsed.success) return yield* failure("malformed", "a listed stream lacks one of its four fields")
    const { dataFeedURL: url, refreshActiveSessionURL: refresh_url } = parsed.data
    for (const target of [url, refresh_url]) {
      const why = whySiteDiffers(target, base_url)
      if (why !== undefined) {
        return yield* failure("untrusted_url", `a listed stream points elsewhere: ${why}; no token is sent there`)
      }
    }
    feeds.push({
      root_url: url.split("?", 1)[0]!,
      url,
      token: Redacted.make(parsed.data.sessionToken.token),
      refresh_url,
      interval_ms: parsed.data.refreshActiveSessionInterval * 1_000,
      app_id,
      listed_ms,
    })
  }
  return feeds
})

const failure = (reason: FalconError["reason"], message: string): FalconError =>
  new FalconError({
    reason,
    operation: "streams.list",
    errors: [],
    scopes: reason === "forbidden" ? scopes : [],
    message,
  })

/** The last part of a root URL's path, which is the partition's number: short enough for a metrics label. */
export const partitionLabel = (root_url: string): string => root_url.slice(root_url.lastIndexOf("/") + 1) || root_url
