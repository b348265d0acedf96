/** How far an inventory has been sent: the plugin's own key in `context.json`. */
import { Effect } from "effect"
import type { StoreError } from "../errors.ts"
import { fieldsOf } from "../json-object.ts"
import { Checkpoints } from "../store/checkpoints.ts"
import { textOf } from "./read-fields.ts"
import type { AssetSource } from "./source.ts"

/** The asset that Falcon got to know last. */
export interface Newest {
  readonly id: string
  readonly created_ms: number
}

export interface Progress {
  /** Every asset before this position of the walk has been accepted. `undefined`: a walk begins anew. */
  readonly position: string | undefined
  /** Among the accepted ones. Becomes `most_recent_…_id` when a walk is through, since only then all before it are accepted. */
  readonly newest: Newest | undefined
  /** When all ids were last compared, epoch milliseconds. */
  readonly reconciled_ms: number | undefined
}

interface ProgressFile {
  readonly value: () => Progress
  readonly save: (progress: Progress) => Effect.Effect<void, StoreError>
  /** Stores the progress of a walk that has come to its end, and with it the newest asset. */
  readonly saveCompleted: (progress: Progress) => Effect.Effect<void, StoreError>
  /** The configured connector is another one than before: nothing has been sent to it. */
  readonly moved: boolean
}

/**
 * Opens the stored progress. Another connector than before starts from nothing; another revision of the mapping, or having no
 * record of what was sent, reads everything again.
 */
export const openProgress = Effect.fnUntraced(function* (
  source: AssetSource,
  connector_uuid: string,
  nothing_known: boolean,
) {
  const checkpoints = yield* Checkpoints
  const key = source.name
  const stored = fieldsOf((yield* checkpoints.all)[key])
  const moved = stored.connector_uuid !== undefined && stored.connector_uuid !== connector_uuid
  const fresh = moved || nothing_known || stored.revision !== source.revision
  let progress = fresh ? nothing : parse(stored)

  const write = (next: Progress, also: Readonly<Record<string, unknown>>) =>
    Effect.map(checkpoints.set({ ...also, [key]: { connector_uuid, revision: source.revision, ...next } }), () => {
      progress = next
    })

  return {
    value: () => progress,
    save: (next) => write(next, {}),
    saveCompleted: (next) => write(next, next.newest === undefined ? {} : { [source.checkpoint_key]: next.newest.id }),
    moved,
  } satisfies ProgressFile
})

const nothing: Progress = { position: undefined, newest: undefined, reconciled_ms: undefined }

const parse = (stored: Readonly<Record<string, unknown>>): Progress => {
  const { id, created_ms } = fieldsOf(stored.newest)
  const known_newest = typeof id === "string" && typeof created_ms === "number"
  return {
    position: textOf(stored.position),
    newest: known_newest ? { id, created_ms } : undefined,
    reconciled_ms: typeof stored.reconciled_ms === "number" ? stored.reconciled_ms : undefined,
  }
}

/** The one that Falcon knew later. */
export const newer = (one: Newest | undefined, other: Newest | undefined): Newest | undefined => {
  if (one === undefined || other === undefined) return one ?? other
  return other.created_ms >= one.created_ms ? other : one
}
