/** Reads the hosts of Falcon in the order of their changes, and lists all their ids now and then. */
import { Clock, Effect } from "effect"
import { textsOf, timeMs } from "../../core/assets/read-fields.ts"
import type { AssetSource } from "../../core/assets/source.ts"
import { doubtOf, makeStrictRequest } from "../../core/assets/strict-request.ts"
import { Falcon, failWhenEmpty } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { failure } from "../../core/falcon/failure.ts"
import { failEmptyPage, failOpenEnd, failWithoutList } from "../../core/falcon/list-answer.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { eachPage } from "../../core/falcon/paginate.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { makeGroups } from "./groups.ts"
import { devices as limits } from "./limits.ts"
import { mapDevice } from "./map.ts"

export const reads_hosts = ["Hosts: Read"]

/** `GET /devices/combined/devices/v1`: whole hosts, up to 10,000 a page, any number of pages (falconpy). */
export const combined: Operation = {
  name: "assets.devices",
  method: "GET",
  path: "/devices/combined/devices/v1",
  query: { sort: "modified_timestamp.asc" },
  idempotent: true,
  scopes: reads_hosts,
}

/** `GET /devices/queries/devices-scroll/v1`: ids only, up to 10,000 a page, any number of pages (falconpy). */
const scroll: Operation = {
  name: "assets.device_ids",
  method: "GET",
  path: "/devices/queries/devices-scroll/v1",
  query: { sort: "device_id.asc" },
  idempotent: true,
  scopes: reads_hosts,
}

/** `POST /devices/entities/devices/v2`: up to 5000 ids (falconpy, PSFalcon). */
const details = (ids: readonly string[]): Operation => ({
  name: "assets.device_details",
  method: "POST",
  path: "/devices/entities/devices/v2",
  body: { ids },
  idempotent: true,
  scopes: reads_hosts,
})

/**
 * Makes the source of a tenant's hosts. A walk goes by `modified_timestamp`, so that a checkpoint is a time: a host that changes
 * meanwhile moves to the end, and nothing moves to the front. An expired cursor or a failed page costs no more than asking again from the last position.
 * Where hosts come in another order, the position moves at the end of the walk and not before: a later page may hold an earlier change.
 */
export const deviceSource = Effect.gen(function* () {
  const falcon = yield* Falcon
  const ask = yield* makeStrictRequest
  const groups = yield* makeGroups
  const source: AssetSource = {
    name: "device-assets",
    noun: "hosts",
    checkpoint_key: "most_recent_device_id",
    revision: 2,
    walks: "changes",
    absences_max: 1,

    walk: (position, onPage) =>
      Effect.gen(function* () {
        yield* groups.forget
        const begun_ms = timeMs(position)
        let reached_ms = begun_ms
        let latest_ms = 0
        let in_order = true
        let read = 0
        let doubt: string | undefined
        const operation = { ...combined, query: { ...combined.query, filter: changedSince(reached_ms) } }
        const end = yield* eachPage(ask, operation, { page_size: limits.hosts_page }, (page) =>
          Effect.gen(function* () {
            read += page.resources.length
            yield* failEmptyPage(combined, page, read)
            doubt ??= doubtOf(combined, page)
            // A time in the future would hide every change until then, and a page that may lack hosts would hide theirs.
            const now_ms = yield* Clock.currentTimeMillis
            const times = page.resources.map((entity) => timeMs(fieldsOf(entity).modified_timestamp) ?? 0)
            for (const ms of times.filter((one) => one > 0 && one <= now_ms)) {
              if (ms < latest_ms - limits.overlap_ms) in_order = false
              latest_ms = Math.max(latest_ms, ms)
            }
            if (doubt === undefined && latest_ms > (reached_ms ?? 0)) reached_ms = latest_ms
            const total = page.pagination?.total
            yield* onPage({
              entities: page.resources,
              position: positionAt(in_order ? reached_ms : begun_ms),
              total: typeof total === "number" ? total : undefined,
              doubt: doubtOf(combined, page),
            })
          }),
        )
        yield* failOpenEnd(combined, end, read)
        if (in_order) return
        yield* Effect.logWarning("Falcon lists hosts out of order: a walk that breaks off is begun anew")
        yield* onPage({ entities: [], position: positionAt(reached_ms), total: read, doubt })
      }),

    listIds: (onIds) =>
      Effect.gen(function* () {
        let [entries, listed, total] = [0, 0, 0]
        let doubt: string | undefined
        const end = yield* eachPage(ask, scroll, { page_size: limits.ids_page }, (page) => {
          // What is no id may stand for a host.
          const ids = textsOf(page.resources)
          entries += page.resources.length
          listed += ids.length
          total = Math.max(total, entries, Number(page.pagination?.total) || 0)
          doubt ??= doubtOf(scroll, page)
          return onIds(ids)
        })
        if (doubt !== undefined) return yield* failure(scroll, "malformed", doubt)
        if (listed < total) return yield* failure(scroll, "malformed", `Falcon listed ${listed} of ${total} hosts`)
        yield* failOpenEnd(scroll, end, listed)
      }),

    lookup: (ids) =>
      Effect.gen(function* () {
        const operation = details(ids)
        const envelope = yield* falcon.request(operation)
        // Hosts that went away since they were listed come as errors.
        const others = envelope.errors.filter(({ code }) => code !== 404)
        if (envelope.errors.length > 0 && others.length === 0) return envelope.resources
        const doubt = doubtOf(operation, { ...envelope, errors: others })
        if (doubt !== undefined) yield* Effect.logWarning(`${doubt}; they are looked up again within an hour`)
        return (yield* failWithoutList(operation, yield* failWhenEmpty(operation, envelope))).resources
      }),

    mapper: (entities): Effect.Effect<ReturnType<typeof mapperOf>, FalconError> =>
      Effect.map(groups.named(entities.flatMap((entity) => textsOf(fieldsOf(entity).groups))), mapperOf),
  }
  return source
})

const positionAt = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

const mapperOf =
  (groups: Parameters<typeof mapDevice>[1]): ((entity: unknown, now_ms: number) => ReturnType<typeof mapDevice>) =>
  (entity, now_ms) =>
    mapDevice(entity, groups, now_ms)

/** The time from which the next walk begins: some minutes before the checkpoint, since a change may show up late in Falcon's index. */
const changedSince = (since_ms: number | undefined): string | undefined =>
  since_ms === undefined ? undefined : `modified_timestamp:>='${new Date(since_ms - limits.overlap_ms).toISOString()}'`
