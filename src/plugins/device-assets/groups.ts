/** Names of host groups: all of them read at once, when the first host of a walk is in one. */
import { Effect } from "effect"
import { makeAsk } from "../../core/assets/ask.ts"
import { fieldsOf, textOf } from "../../core/assets/fields.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { eachPage } from "../../core/falcon/paginate.ts"
import { assets as limits } from "../../core/limits.ts"
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

export const makeGroups = Effect.gen(function* () {
  const ask = yield* makeAsk
  let groups: Map<string, HostGroup> | undefined
  let was_forbidden = false

  const read = Effect.gen(function* () {
    const found = new Map<string, HostGroup>()
    yield* eachPage(ask, combined_groups, { page_size: limits.groups_page }, ({ resources }) =>
      Effect.sync(() => {
        for (const resource of resources) {
          const { id, name, description } = fieldsOf(resource)
          const uid = textOf(id)
          if (uid !== undefined) found.set(uid, { name: textOf(name) ?? uid, desc: textOf(description) })
        }
      }),
    )
    was_forbidden = false
    return found
  }).pipe(
    // Without the scope hosts are still worth sending. Any other failure will pass, and then names are known.
    Effect.catchIf(
      ({ reason }) => reason === "forbidden",
      ({ message }) =>
        Effect.gen(function* () {
          if (!was_forbidden) yield* Effect.logWarning(`${message}; host groups are sent with their ids for names`)
          was_forbidden = true
          return new Map<string, HostGroup>()
        }),
    ),
  )

  return {
    /** The groups with these ids, read when they are needed for the first time since `forget`. */
    named: (ids: readonly string[]) =>
      Effect.gen(function* () {
        if (ids.length > 0) groups ??= yield* read
        return (groups ?? new Map()) as Groups
      }),
    /** Names may have changed. */
    forget: Effect.sync(() => {
      groups = undefined
    }),
  }
})
