/** Reads the users of the directories that Falcon Identity Protection watches, by its GraphQL API. */
import { Clock, Effect } from "effect"
import { textOf } from "../../core/assets/read-fields.ts"
import type { AssetSource } from "../../core/assets/source.ts"
import { type Envelope, Falcon } from "../../core/falcon/client.ts"
import { failure } from "../../core/falcon/failure.ts"
import { falcon as falcon_limits } from "../../core/falcon/limits.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { fieldsOf, jsonObject, listOf } from "../../core/json-object.ts"
import { monotonicMs } from "../../core/monotonic.ts"
import { costOf, pauseMs } from "./graphql-budget.ts"
import { mapIdentity } from "./identity.ts"
import { users as limits } from "./limits.ts"

export const reads_identities = ["Identity Protection Entities: Read", "Identity Protection GraphQL: Write"]

const document = `query ($first: Int!, $after: Cursor) {
  entities(types: [USER], sortKey: PRIMARY_DISPLAY_NAME, sortOrder: ASCENDING, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      entityId
      type
      primaryDisplayName
      secondaryDisplayName
      creationTime
      riskScore
      riskScoreSeverity
      accounts {
        dataSource
        ... on ActiveDirectoryAccountDescriptor { domain samAccountName objectSid objectGuid enabled }
      }
      ... on UserEntity { emailAddresses }
      roles { type }
    }
  }
}`

/** `POST /identity-protection/combined/graphql/v1`. It only reads, so it may be repeated. */
export const entities = (first: number, after: string | undefined): Operation => ({
  name: "assets.identities",
  method: "POST",
  path: "/identity-protection/combined/graphql/v1",
  body: { query: document, variables: { first, ...(after !== undefined && { after }) } },
  idempotent: true,
  scopes: reads_identities,
})

/** Makes the source of these users. Pages are linked by cursors; when Falcon no longer takes a cursor, the walk begins anew, and nothing is sent twice by that. */
export const identitySource = Effect.gen(function* () {
  const falcon = yield* Falcon
  const clock = yield* Clock.Clock
  /** When the point budget allows the next page, by the steady clock; an earlier walk may have spent it. */
  let affordable_ms = 0

  const source: AssetSource = {
    name: "user-assets.identity-protection",
    noun: "users",
    checkpoint_key: "most_recent_user_id",
    revision: 2,
    walks: "everything",
    absences_max: 2,

    walk: (position, onPage) =>
      Effect.gen(function* () {
        const seen = new Set<string>()
        let after = position
        for (let calls = 1; calls <= falcon_limits.pages_max; calls++) {
          const paused_ms = Math.max(0, affordable_ms - monotonicMs(clock))
          yield* Effect.sleep(paused_ms)
          const operation = entities(limits.identities_page, after)
          const page = yield* readPage(operation).pipe(
            Effect.catchIf(
              (error) => error.reason === "rejected" && calls === 1 && position !== undefined,
              () => readPage(entities(limits.identities_page, undefined)),
            ),
          )
          const { nodes, next, doubt } = page
          affordable_ms = monotonicMs(clock) + pauseMs(page.cost, yield* Clock.currentTimeMillis)
          yield* onPage({ entities: nodes, position: next, total: undefined, doubt, paused_ms })
          if (page.next === undefined) return
          if (seen.has(page.next)) return yield* failure(operation, "malformed", "Falcon's pages go in circles")
          seen.add(page.next)
          after = page.next
        }
        return yield* failure(
          entities(1, undefined),
          "malformed",
          `the list has more than ${falcon_limits.pages_max} pages`,
        )
      }),

    mapper: () => Effect.succeed(mapIdentity),
  }

  const readPage = Effect.fnUntraced(function* (operation: Operation) {
    const envelope = yield* falcon.request(operation)
    return yield* pageOf(operation, envelope)
  })

  return source
})

/** GraphQL reports errors in a 200: without entities that is a failure, beside entities the errors are logged. */
const pageOf = Effect.fnUntraced(function* (operation: Operation, envelope: Envelope) {
  const body = jsonObject(envelope.text) ?? {}
  const found = fieldsOf(fieldsOf(body.data).entities)
  const said = envelope.errors.map(({ message }) => message).join("; ")
  if (!Array.isArray(found.nodes)) {
    const { errors, trace_id } = envelope
    return yield* failure(operation, "rejected", said === "" ? "the answer holds no entities" : said, {
      errors,
      trace_id,
    })
  }
  // What has no id may stand for anybody.
  const nameless = found.nodes.filter((node) => textOf(fieldsOf(node).entityId) === undefined).length
  const why = said === "" && nameless > 0 ? `${nameless} of them have no entityId` : said
  const doubt = why === "" ? undefined : `${operation.name}: some of the entities may be missing: ${why}`
  if (doubt !== undefined) yield* Effect.logWarning(doubt)
  const { hasNextPage, endCursor } = fieldsOf(found.pageInfo)
  const next = textOf(endCursor)
  // Only `false` is the end of the list: without it, or without the cursor, nobody knows what comes after.
  if (hasNextPage !== false && (hasNextPage !== true || next === undefined)) {
    return yield* failure(operation, "malformed", "the answer does not say where the list goes on")
  }
  return {
    nodes: listOf(found.nodes),
    doubt,
    next: hasNextPage ? next : undefined,
    cost: costOf(body.extensions),
  }
})
