/** Reads the users of the Falcon console, all of them every time, since they are few. */
import { Effect } from "effect"
import { textsOf } from "../../core/assets/read-fields.ts"
import type { AssetSource } from "../../core/assets/source.ts"
import { doubtOf, makeStrictRequest } from "../../core/assets/strict-request.ts"
import { failure } from "../../core/falcon/failure.ts"
import { failEmptyPage, failOpenEnd } from "../../core/falcon/list-answer.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { eachPage } from "../../core/falcon/paginate.ts"
import { mapConsoleUser } from "./console-user.ts"
import { users as limits } from "./limits.ts"

export const reads_users = ["User management: Read"]

/** `GET /user-management/queries/users/v1`: uuids, up to 500 a page; the direction follows a pipe (falconpy). */
export const query: Operation = {
  name: "assets.user_ids",
  method: "GET",
  path: "/user-management/queries/users/v1",
  query: { sort: "created_at|asc" },
  idempotent: true,
  scopes: reads_users,
}

/** The oldest come first, so that users who are created meanwhile join at the end. A deleted one shifts the pages by one. */
export const consoleSource = Effect.gen(function* () {
  const ask = yield* makeStrictRequest
  const source: AssetSource = {
    name: "user-assets.user-management",
    noun: "users",
    checkpoint_key: "most_recent_user_id",
    revision: 2,
    walks: "everything",
    absences_max: 2,

    walk: (position, onPage) => {
      let reached = Number(position) || 0
      let total = 0
      const operation = reached === 0 ? query : { ...query, query: { ...query.query, offset: reached } }
      return eachPage(ask, operation, { page_size: limits.users_page, is_numbered: true }, (page) =>
        Effect.gen(function* () {
          const ids = textsOf(page.resources)
          const operation = details(ids)
          const found = ids.length === 0 ? undefined : yield* ask(operation)
          reached += page.resources.length
          yield* failEmptyPage(query, page, reached)
          const counted = page.pagination?.total
          total = Math.max(total, Number(counted) || 0)
          yield* onPage({
            ids,
            doubt:
              doubtOf(query, page) ?? (found && doubtOf(operation, found)) ?? noIds(page.resources.length - ids.length),
            entities: found?.resources ?? [],
            position: String(reached),
            total: typeof counted === "number" ? counted : undefined,
          })
        }),
      ).pipe(
        Effect.andThen((end) =>
          reached < total
            ? Effect.fail(failure(query, "malformed", `Falcon listed ${reached} of ${total} users`))
            : failOpenEnd(query, end, reached),
        ),
      )
    },

    mapper: () => Effect.succeed(mapConsoleUser),
  }
  return source
})

/** What is no id may stand for a user. */
const noIds = (count: number): string | undefined =>
  count === 0 ? undefined : `${query.name}: users may be missing from the list: ${count} of its entries are no ids`

/** Up to 5000 ids (falconpy `retrieve_users`); a page has 500. */
const details = (ids: readonly string[]): Operation => ({
  name: "assets.user_details",
  method: "POST",
  path: "/user-management/entities/users/GET/v1",
  body: { ids },
  idempotent: true,
  scopes: reads_users,
})
