/** Batches of events that are known as a whole: what enrichers found, and dead letters that are tried again. */
import { Batch, boundsOf } from "./batch.ts"
import { BatchBuilder } from "./batch-builder.ts"
import type { Framing } from "./framing.ts"
import { LineScanner } from "./line-scanner.ts"

/** Of texts without offsets that each are the JSON of one object. */
export function* batchesOf(events: readonly string[], framing: Framing): Generator<Batch> {
  const builder = new BatchBuilder(framing, boundsOf(framing, { recent_offsets_max: 1 }), -1)
  const bytes = new TextEncoder().encode(events.map((event) => `${event}\n`).join(""))
  for (let from = 0; from < bytes.length; ) {
    from = builder.feed(bytes, from, 0)
    const batch = builder.take()
    yield batch
    builder.recycle(batch)
  }
}

/** Of one line as Falcon sent it, however long; `undefined` when it is no JSON object. */
export const batchOfLine = (raw: Uint8Array, offset: number, framing: Framing): Batch | undefined => {
  const { head_bytes_max, separator, tail, escapes } = framing
  const buffer = new Uint8Array(head_bytes_max + 2 * raw.length + separator.length + tail.length)
  const end = new LineScanner().scan(raw, 0, raw.length, buffer, head_bytes_max)
  if (end < 0) return undefined
  if (!escapes) buffer.set(raw, head_bytes_max)
  const ends = [escapes ? end : head_bytes_max + raw.length]
  return new Batch(framing, buffer, ends, [offset], [], -1, -1, raw.length)
}
