/** Reads every event of a Falcon tenant and delivers it to its destination. */
import { Cause, Effect, Exit, FiberMap } from "effect"
import type { Distinct } from "../../core/check/check.ts"
import type { Destination } from "../../core/delivery/destination.ts"
import type { Enricher } from "../../core/delivery/enricher.ts"
import { EventTypes } from "../../core/delivery/lines/event-types.ts"
import { definePlugin } from "../../core/plugin.ts"
import { Offsets } from "../../core/store/offsets.ts"
import { Board } from "../../core/telemetry/board.ts"
import { Health } from "../../core/telemetry/health.ts"
import { waitAfter } from "../../core/wait-policy.ts"
import { loadAppIds } from "./app-ids.ts"
import { checks } from "./check.ts"
import { config, type EventStreamConfig } from "./config.ts"
import { makeDestination } from "./destination.ts"
import { makeDiscovery } from "./discovery.ts"
import { stream } from "./limits.ts"
import { scopes } from "./listing.ts"
import { metrics } from "./metrics.ts"
import { describeNotRouted } from "./not-routed.ts"
import { runPartition } from "./partition.ts"
import { plugin_id } from "./pipeline.ts"
import { makeUnlistedWarning } from "./unlisted-offsets.ts"

const run = Effect.fnUntraced(function* (settings: EventStreamConfig, enrichers: readonly Enricher[]) {
  const health = yield* Health
  const offsets = yield* Offsets.use((stored) => stored.open)
  const destination = yield* makeDestination(settings)
  yield* Board.use((board) => board.delivers(destination))
  const types = yield* watchTypes(destination)
  const ids = yield* loadAppIds(settings.app_id)
  const discovery = yield* makeDiscovery(ids, yield* health.cell(plugin_id, "discovery"))
  const partitions = yield* FiberMap.make<string, void, never>()

  const start = (root_url: string) =>
    FiberMap.run(
      partitions,
      root_url,
      supervised(runPartition(root_url, { config: settings, destination, enrichers, offsets, types }, discovery)),
      {
        onlyIfMissing: true,
      },
    )
  const startAll = (root_urls: readonly string[]) => Effect.forEach(root_urls, start, { discard: true })

  const warn = makeUnlistedWarning(offsets.roots(), yield* health.cell(plugin_id, "offsets"))
  const first = yield* discovery.list
  yield* Effect.logInfo(`${first.length} partition${first.length === 1 ? "" : "s"} found`)
  yield* warn(first)
  yield* startAll(first)
  yield* health.started(plugin_id)

  // Partitions that appear later. When none is left, the listing has to wait for one.
  for (;;) {
    yield* FiberMap.awaitEmpty(partitions).pipe(Effect.timeoutOption(stream.relist_ms))
    const idle = (yield* FiberMap.size(partitions)) === 0
    const listed = yield* idle ? discovery.list : discovery.peek
    yield* warn(listed)
    yield* startAll(listed)
  }
})

/** Counts events by type where the destination tells types apart; health tells of those that it does nothing with. */
const watchTypes = Effect.fnUntraced(function* ({ routed_types }: Destination) {
  if (routed_types === undefined) return undefined
  const types = new EventTypes(routed_types)
  const cell = yield* Health.use((health) => health.note(plugin_id, "event types"))
  cell.describe(() => ({ status: "ok", detail: describeNotRouted(types) }))
  return types
})

/** A defect in one partition must not end the others: it starts over from its committed offset. */
const supervised = <R>(partition: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> =>
  Effect.gen(function* () {
    for (let failures = 1; ; failures++) {
      const exit = yield* Effect.exit(partition)
      if (Exit.isSuccess(exit)) return
      if (Cause.hasInterruptsOnly(exit.cause)) return yield* exit
      const message = `a partition met an unexpected error: ${Cause.pretty(exit.cause)}`
      yield* waitAfter({ recovery: "retry", failures, message, next: "it starts over", level: "error" })
    }
  })

const distinctOf = ({ destination, intake_key, ndjson }: EventStreamConfig): readonly Distinct[] => {
  if (destination === "ndjson")
    return ndjson.path.startsWith("/") ? [{ what: "the file of events", value: ndjson.path }] : []
  return intake_key === undefined ? [] : [{ what: "the intake key", value: intake_key }]
}

export const eventStream = definePlugin({
  id: plugin_id,
  title: "Delivers the tenant's event streams to the Sekoia intake.",
  enabled_by_default: true,
  config,
  metrics,
  call_scopes: scopes,
  run,
  destination: makeDestination,
  checks,
  distinct: distinctOf,
})
