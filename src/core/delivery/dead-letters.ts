/**
 * Events that cannot be delivered: kept with their reason and raw bytes, so that nothing that Falcon sent is ever thrown
 * away. One NDJSON file a day (UTC) below `data_dir/dead-letters/`, plus `replayed.ndjson` with the ids that were
 * delivered later. Files are only ever appended to while a worker runs.
 */
import { isUtf8 } from "node:buffer"
import { Clock, Context, Effect, FileSystem, Layer, Random } from "effect"
import type { StoreError } from "../errors.ts"
import { appendDurably, makeFolder } from "../store/atomic-file.ts"
import { Tenant } from "../tenant/identity.ts"
import type { Reject } from "./lines/batch.ts"

export interface DeadLetter {
  /** Unique and rising with time. */
  readonly id: string
  /** When it was recorded, ISO 8601. */
  readonly at: string
  readonly reason: Reject["reason"]
  readonly detail: string
  /** Root URL of the stream. */
  readonly partition: string
  /** `null` when the line does not tell. */
  readonly offset: number | null
  /** Size of the line on the stream; larger than what `raw` holds when the line was cut. */
  readonly bytes: number
  /** How `raw` holds the bytes: as text, or in base64 when they are no UTF-8. */
  readonly encoding: "utf8" | "base64"
  readonly raw: string
  /** With `not_enriched`: the plugin that tries again on replay. */
  readonly enricher?: string | undefined
}

export class DeadLetters extends Context.Service<
  DeadLetters,
  {
    /** Records events of a partition; on the disk when this succeeds. */
    readonly add: (partition: string, rejects: readonly Reject[]) => Effect.Effect<void, StoreError>
  }
>()("akonis/core/DeadLetters") {
  static readonly layer = Layer.effect(
    DeadLetters,
    Effect.suspend(() => make),
  )
}

/** Where the dead letters of a data folder lie. */
export const deadLetterFolder = (data_dir: string): string => `${data_dir}/dead-letters`

const make = Effect.gen(function* () {
  const { data_dir } = yield* Tenant
  const fs = yield* FileSystem.FileSystem
  const folder = deadLetterFolder(data_dir)
  const safe_names = new Set<string>()
  let folder_made = false

  const add = Effect.fnUntraced(
    function* (partition: string, rejects: readonly Reject[]) {
      if (rejects.length === 0) return
      if (!folder_made) yield* makeFolder(folder)
      folder_made = true
      const now_ms = yield* Clock.currentTimeMillis
      const at = new Date(now_ms).toISOString()
      const run = yield* Random.nextIntBetween(0, 36 ** 4)
      const lines = rejects.map(
        (reject, i) => `${JSON.stringify(letter(reject, partition, at, letterId(now_ms, run, i)))}\n`,
      )
      yield* appendDurably(folder, `${at.slice(0, 10)}.ndjson`, lines.join(""), safe_names)
    },
    // Somebody may have removed the folder.
    Effect.tapError(() => Effect.sync(() => (folder_made = false))),
    Effect.provideService(FileSystem.FileSystem, fs),
  )

  return DeadLetters.of({ add })
})

const letterId = (now_ms: number, run: number, i: number): string =>
  [now_ms.toString(36), run.toString(36).padStart(4, "0"), i.toString(36).padStart(2, "0")].join("-")

const letter = (reject: Reject, partition: string, at: string, id: string): DeadLetter => {
  const { reason, detail, offset, raw, bytes, enricher } = reject
  const encoding = isUtf8(raw) ? "utf8" : "base64"
  return {
    id,
    at,
    reason,
    detail,
    partition,
    offset: offset < 0 ? null : offset,
    bytes,
    encoding,
    raw: Buffer.from(raw).toString(encoding),
    enricher,
  }
}

/** The bytes of a dead letter as Falcon sent them. */
export const rawBytes = (entry: DeadLetter): Uint8Array => Buffer.from(entry.raw, entry.encoding)
