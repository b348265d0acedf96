/** The background work of an inventory: cycle after cycle, for as long as the process lives. */
import { Cause, Clock, Effect, Exit, Metric } from "effect"
import { FailedTry } from "../failed-try.ts"
import { monotonicMs } from "../monotonic.ts"
import { Health, type HealthCell } from "../telemetry/health.ts"
import { metrics } from "../telemetry/metrics.ts"
import { annotateSpan, spanned } from "../telemetry/tracing/spanned.ts"
import { waitAfter } from "../wait-policy.ts"
import type { CollectError, Collector } from "./collect.ts"
import type { Tally } from "./cycle-tally.ts"
import { assets as limits, reading } from "./limits.ts"
import type { AssetSource } from "./source.ts"

export interface RunOptions {
  readonly plugin_id: string
  readonly source: AssetSource
  readonly collector: Collector
  readonly frequency_s: number
}

/**
 * Runs an inventory for ever. A cycle begins `frequency_s` after the last one began, or at once when that took longer. A source that is read as a whole
 * each time gets longer pauses, up to 15 minutes, so that reading takes at most a tenth of the time; time spent waiting, for
 * Sekoia or for a rate limit, is no reading. A failed cycle is resumed after a backoff.
 */
export const runInventory = Effect.fnUntraced(function* ({ plugin_id, source, collector, frequency_s }: RunOptions) {
  const health = yield* Health
  const cell = yield* health.cell(plugin_id, source.noun)
  yield* health.started(plugin_id)
  yield* cell.set("ok", "the first cycle has begun")
  const labels = { ...(yield* Metric.CurrentMetricAttributes), plugin: plugin_id }
  return yield* Effect.provideService(
    cycles(cell, { source, collector, frequency_s }),
    Metric.CurrentMetricAttributes,
    labels,
  )
})

const cycles = Effect.fnUntraced(function* (
  cell: HealthCell,
  { source, collector, frequency_s }: Omit<RunOptions, "plugin_id">,
) {
  const clock = yield* Clock.Clock
  for (let failures = 0; ; ) {
    const began_ms = monotonicMs(clock)
    const cycle = collector.cycle({ onProgress: (tally) => showProgress(cell, failures, tally) }).pipe(
      Effect.tap(({ read, sent, unchanged }) =>
        annotateSpan(() => ({ "akonis.read": read, "akonis.sent": sent, "akonis.unchanged": unchanged })),
      ),
      // Told at the first failure: the cycle may go on with a later try, and tells of its progress then. What the cycle before failed of stays.
      Effect.provideService(FailedTry, ({ message }) => (failures > 0 ? Effect.void : cell.set("degraded", message))),
      spanned("inventory.cycle", () => ({ is_root: true, attributes: { "akonis.inventory": source.noun } })),
    )
    const exit = yield* Effect.exit(cycle)
    const took_ms = monotonicMs(clock) - began_ms
    if (Exit.isSuccess(exit)) {
      failures = 0
      const pause_ms = Math.max(frequency_s * 1_000 - took_ms, restMs(source, frequency_s * 1_000, exit.value))
      yield* tellCompleted(cell, source, collector, exit.value, took_ms, pause_ms > frequency_s * 1_000 ? pause_ms : 0)
      yield* Effect.sleep(pause_ms)
    } else {
      if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
      failures++
      yield* waitAfterFailed(cell, exit.cause, failures)
    }
  }
})

/**
 * The pause after a cycle, beyond what the frequency asks for: none for a source that tells what changed; for one that is read as
 * a whole nine times as long as reading took, and no less than the frequency.
 */
const restMs = ({ walks }: AssetSource, frequency_ms: number, { reading_ms }: Tally): number =>
  walks === "changes"
    ? 0
    : Math.min(Math.max(reading_ms / limits.walk_share_max - reading_ms, frequency_ms), reading.pause_ms_max)

/** Shows in health how far a cycle is, unless the one before failed: then health keeps that until a cycle succeeds. */
const showProgress = (cell: HealthCell, failures: number, { sent, read, total }: Tally) =>
  failures > 0
    ? Effect.void
    : cell.set("ok", `reading: ${read}${total === undefined ? "" : ` of ${total}`}, ${sent} sent`)

/** The part of the health text that tells a pause longer than configured. */
const pauseText = (pause_ms: number): string =>
  pause_ms === 0 ? "" : `; reading took long, the next look is in ${Math.round(pause_ms / 1_000)} s`

const tellCompleted = Effect.fnUntraced(function* (
  cell: HealthCell,
  { noun }: AssetSource,
  collector: Collector,
  tally: Tally,
  took_ms: number,
  pause_ms: number,
) {
  const { read, sent, unchanged, skipped, refused } = tally
  yield* Metric.update(Metric.withAttributes(metrics.asset_cycles, { outcome: "done" }), 1)
  yield* Metric.update(metrics.asset_cycle_seconds, took_ms / 1_000)
  const left_out = skipped + refused === 0 ? "" : `, ${skipped + refused} left out`
  const done = `${collector.known()} known; the last cycle sent ${sent}${left_out}${pauseText(pause_ms)}`
  yield* tally.doubt === undefined ? cell.set("ok", done) : cell.set("degraded", tally.doubt)
  const line = `${read} ${noun} read: ${sent} sent, ${unchanged} unchanged${left_out}`
  yield* sent + skipped + refused > 0 ? Effect.logInfo(line) : Effect.logDebug(line)
})

/** Tells health and log why a cycle failed, and waits until the next. */
const waitAfterFailed = Effect.fnUntraced(function* (
  cell: HealthCell,
  cause: Cause.Cause<CollectError>,
  failures: number,
) {
  yield* Metric.update(Metric.withAttributes(metrics.asset_cycles, { outcome: "failed" }), 1)
  const error = Cause.findErrorOption(cause)
  const message = error._tag === "Some" ? error.value.message : `unexpected: ${Cause.pretty(cause)}`
  const hopeless = error._tag === "Some" && needsPerson(error.value)
  const asked_ms = error._tag === "Some" && "retry_after_ms" in error.value ? error.value.retry_after_ms : undefined
  yield* waitAfter({
    recovery: hopeless ? "operator" : "retry",
    failures,
    retry_after_ms: asked_ms,
    message,
    next: "the cycle is resumed",
    level: "error",
    health: cell,
    tell: () => [hopeless ? "failed" : "degraded", message],
  })
})

/** Whether a cycle will fail until a person does something. */
export const needsPerson = (error: CollectError): boolean => {
  if (error._tag === "FalconError") return ["unauthorized", "forbidden", "retired"].includes(error.reason)
  if (error._tag === "SekoiaError") return error.reason === "unauthorized" || error.reason === "misconfigured"
  return true
}
