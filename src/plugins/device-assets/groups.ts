/** Looks up the names of host groups: all at once, when the first host of a walk is in one. */
import { Clock, Effect, Result } from "effect"
import { groups as bounds } from "../../core/assets/limits.ts"
import { textOf } from "../../core/assets/read-fields.ts"
import { makeStrictRequest } from "../../core/assets/strict-request.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { failure } from "../../core/falcon/failure.ts"
import { failOpenEnd } from "../../core/falcon/list-answer.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { eachPage } from "../../core/falcon/paginate.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { devices as limits } from "./limits.ts"
import type { Groups, HostGroup } from "./map.ts"

export const reads_groups = ["Host groups: Read"]

/** `GET /devices/combined/host-groups/v1`: up to 5000 a page (falconpy `queryCombinedHostGroups`). */
export const combined_groups: Operation = {
  name: "assets.host_groups",
  method: "GET",
  path: "/devices/combined/host-groups/v1",
  query: { sort: "name.asc" },
  idempotent: true,
  scopes: reads_groups,
}

/**
 * Makes the lookup of group names. Without the scope, and when the groups cannot be read for longer than 5 minutes, a group is named
 * by its id, since hosts are worth sending without names; names that were read before stay in use. A shorter failure fails the
 * cycle: with names that come later all hosts would be sent twice.
 */
export const makeGroups = Effect.gen(function* () {
  const ask = yield* makeStrictRequest
  const clock = yield* Clock.Clock
  const known = new Map<string, HostGroup>()
  let is_current = false
  let failing_since_ms: number | undefined
  let was_told = false

  const read = Effect.gen(function* () {
    let found = 0
    const options = { page_size: limits.groups_page, is_numbered: true }
    const end = yield* eachPage(ask, combined_groups, options, ({ resources }) =>
      Effect.sync(() => {
        for (const resource of resources) {
          const { id, name, description } = fieldsOf(resource)
          const uid = textOf(id)
          if (uid === undefined) continue
          found++
          known.set(uid, { name: textOf(name) ?? uid, desc: textOf(description) })
        }
      }),
    )
    yield* failOpenEnd(combined_groups, end, found)
    if (found === 0) return yield* failure(combined_groups, "malformed", "Falcon lists no group, and hosts are in some")
  })

  const failed = Effect.fnUntraced(function* (error: FalconError) {
    failing_since_ms ??= monotonicMs(clock)
    const lasts = monotonicMs(clock) - failing_since_ms >= bounds.patience_ms
    if (error.reason !== "forbidden" && known.size === 0 && !lasts) return yield* error
    const instead = known.size > 0 ? "with the names known so far" : "with their ids for names"
    if (!was_told) yield* Effect.logWarning(`${error.message}; host groups are sent ${instead}`)
    was_told = true
  })

  const refresh = Effect.gen(function* () {
    const result = yield* Effect.result(read)
    if (Result.isFailure(result)) yield* failed(result.failure)
    else {
      failing_since_ms = undefined
      was_told = false
    }
    is_current = true
  })

  return {
    /** What is known of groups, read when a host is in one for the first time since `forget`. */
    named: (ids: readonly string[]): Effect.Effect<Groups, FalconError> =>
      Effect.as(ids.length > 0 && !is_current ? refresh : Effect.void, known),
    /** Drops the names that were read, since they may have changed. */
    forget: Effect.sync(() => {
      is_current = false
    }),
  }
})
