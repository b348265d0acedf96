/** One partition as the status shows it: what it counts, joined with what its loops say in health. */
import type { Board, BoardPartition } from "../../core/telemetry/board.ts"
import { isAtLeast, type PartReport } from "../../core/telemetry/health.ts"
import type { PartitionStatus } from "./schema.ts"

/** An event within this time counts as a flow. */
const flowing_ms = 10_000

export const partitionStatus = (
  { label, parts, activity, look }: BoardPartition,
  told: readonly PartReport[],
  now_ms: number,
  board: Board["Service"],
): PartitionStatus => {
  const now = look()
  const connection = told.find(({ part }) => part === parts.connection)
  const delivery = told.filter(({ part }) => parts.delivery.includes(part))
  const all = [...delivery, ...(connection === undefined ? [] : [connection])]
  const shown = all.reduce<PartReport | undefined>(
    (worst, one) => (worst === undefined || isAtLeast(one.status, worst.status) ? one : worst),
    undefined,
  )
  const errors = all.flatMap(({ last_error }) => (last_error === null ? [] : [last_error]))
  const lag_ms = activity.lagMs(now_ms)
  return {
    partition: label,
    status: shown?.status ?? "ok",
    since: shown?.since ?? new Date(now_ms).toISOString(),
    detail: shown?.detail ?? "",
    state: stateOf(delivery, connection, now.last_event_ms, now_ms),
    events_per_s: activity.rate.perSecond(board.now_ms()),
    events_in: activity.events_in,
    events_out: activity.events_out,
    dead_letters: activity.dead_letters,
    lag_s: lag_ms < 0 ? null : Math.round(lag_ms / 100) / 10,
    read_offset: known(now.read_offset),
    committed_offset: known(now.committed_offset),
    last_event_at: now.last_event_ms < 0 ? null : new Date(now.last_event_ms).toISOString(),
    last_error: errors.toSorted((one, other) => (one.at < other.at ? 1 : -1))[0] ?? null,
  }
}

const stateOf = (
  delivery: readonly PartReport[],
  connection: PartReport | undefined,
  last_event_ms: number,
  now_ms: number,
): PartitionStatus["state"] => {
  if (delivery.some(({ status }) => status !== "ok")) return "blocked"
  if (connection !== undefined && connection.status !== "ok")
    return connection.is_described ? "troubled" : "disconnected"
  return last_event_ms >= 0 && now_ms - last_event_ms < flowing_ms ? "flowing" : "quiet"
}

const known = (offset: number): number | null => (offset < 0 ? null : offset)
