/** A model of the Sekoia intake: takes a batch as a whole or not at all. */
import type { Answer } from "./falcon.ts"
import type { LogEvent } from "./workload.ts"

export const intake_key = "simulated-intake-key"
export const asset_key = "simulated-asset-key"

const refusal = (status: number, message: string): Answer => ({ status, body: JSON.stringify({ message }) })

/** What it answers when it has taken something. */
export const isReceipt = (text: string): boolean => text.startsWith('{"event_ids":["')

/** The statuses with which it refuses events, or something before it everything. */
export const isRefusal = (status: number | undefined): boolean => status === 400 || status === 413 || status === 422

/** `more`: how many that follow events are in the batch; the intake takes any of them. */
export const intakeAnswer = (events: readonly LogEvent[], more: number, key: unknown): Answer => {
  if (key !== intake_key) return refusal(401, "the intake key is invalid")
  if (events.length + more === 0) return refusal(400, "no events")
  const bad = events.find(({ refused_with }) => refused_with !== undefined)
  if (bad !== undefined) return refusal(bad.refused_with!, "an event was refused")
  const ids = [...events.map(({ offset }) => `id-${offset}`), ...Array.from({ length: more }, (_, i) => `id-v${i}`)]
  return { status: 200, body: JSON.stringify({ event_ids: ids }) }
}
