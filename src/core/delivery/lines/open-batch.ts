import type { SourceEvent } from "../enricher.ts"
import { Batch, type Reject } from "./batch.ts"
import type { Framing } from "./framing.ts"

/** What is known of the batch that is being filled; the fields mean what they mean in `Batch`. */
export class OpenBatch {
  /** When its oldest event arrived, by the clock of whoever feeds. */
  opened_ms: number
  readonly ends: number[] = []
  readonly offsets: number[] = []
  readonly rejects: Reject[] = []
  readonly source_events: SourceEvent[] = []
  reject_bytes = 0
  last_offset = -1
  created_ms = -1
  bytes_in = 0

  constructor(opened_ms: number) {
    this.opened_ms = opened_ms
  }

  get empty(): boolean {
    return this.ends.length === 0 && this.rejects.length === 0
  }

  /** The batch, in the buffer that its events were written to. */
  close(framing: Framing, buffer: Uint8Array): Batch {
    return new Batch(
      framing,
      buffer,
      this.ends,
      this.offsets,
      this.rejects,
      this.last_offset,
      this.created_ms,
      this.bytes_in,
      this.source_events,
      this.opened_ms,
    )
  }
}
