/** What a plugin gives to the collector: how to read the entities of an inventory, and how to map them to assets. */
import type { Effect } from "effect"
import type { FalconError } from "../falcon/errors.ts"

/** An entity mapped to an asset, or the reason why it cannot be one. */
export type Mapped =
  | {
      readonly kind: "asset"
      readonly id: string
      /** When Falcon first knew it, epoch milliseconds. */
      readonly created_ms: number | undefined
      /** The OCSF event. */
      readonly item: Readonly<Record<string, unknown>>
      /** What decides whether the asset has changed: the item without what changes by itself. */
      readonly content: unknown
    }
  /** It cannot be sent. `reason` is for people and quotes nothing of the entity. */
  | { readonly kind: "skipped"; readonly id: string | undefined; readonly reason: string }

/** A page of entities. */
export interface AssetPage {
  readonly entities: readonly unknown[]
  /** Where to go on once these are accepted. */
  readonly position: string | undefined
  /** How many entities the whole walk has, when Falcon says so. */
  readonly total: number | undefined
  /** Ids that Falcon has listed, whether their entities came or not. */
  readonly ids?: readonly string[]
  /** What may be missing from this page, for people: then absence from the walk means nothing. */
  readonly doubt?: string | undefined
  /** How long the source has paused before it asked for this page. */
  readonly paused_ms?: number
}

export interface AssetSource {
  /** Names its files and its key in `context.json`: `device-assets`, `user-assets.identity-protection`. */
  readonly name: string
  /** `hosts` or `users`, for people. */
  readonly noun: string
  readonly checkpoint_key: "most_recent_device_id" | "most_recent_user_id"
  /** To be raised with every change of the mapping: everything is then read again, and what looks different is sent. */
  readonly revision: number
  /**
   * - `changes`: a walk shows what changed since its position, and the position stays
   * - `everything`: a walk shows all there is, and the next one begins anew
   */
  readonly walks: "changes" | "everything"
  /** Listings in a row that an asset must be absent from to count as gone: more than one where pages may shift. */
  readonly absences_max: number
  /** Reads from `position` on, page by page, in an order in which every position is one to go on from. */
  readonly walk: <E, R>(
    position: string | undefined,
    onPage: (page: AssetPage) => Effect.Effect<void, E, R>,
  ) => Effect.Effect<void, E | FalconError, R>
  /** The ids of all there is, for a source that walks changes. Fails when the list may be incomplete. */
  readonly listIds?: <E, R>(
    onIds: (ids: readonly string[]) => Effect.Effect<void, E, R>,
  ) => Effect.Effect<void, E | FalconError, R>
  /** Entities by id; those that are gone are left out. */
  readonly lookup?: (ids: readonly string[]) => Effect.Effect<readonly unknown[], FalconError>
  /** Gets ready to map these entities: names are looked up for all of them at once. */
  readonly mapper: (
    entities: readonly unknown[],
  ) => Effect.Effect<(entity: unknown, now_ms: number) => Mapped, FalconError>
}
