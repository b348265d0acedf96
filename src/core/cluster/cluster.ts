/** What a process has of a cluster, in types alone: what makes it is loaded only where a configuration has a `cluster` block. */
import type { Effect, FileSystem, Layer, Scope } from "effect"
import type { Audit } from "../actions/audit.ts"
import type { Journal } from "../actions/idempotency.ts"
import type { StoreError } from "../errors.ts"
import type { Pace, Rate } from "../falcon/pace.ts"
import type { Checkpoints } from "../store/checkpoints.ts"
import type { Offsets } from "../store/offsets.ts"
import type { HealthCell } from "../telemetry/health.ts"
import type { Tenant } from "../tenant/identity.ts"

/** Where what a tenant has to remember lies, in place of its data folder. */
export interface TenantStores {
  readonly layer: Layer.Layer<Offsets | Checkpoints, never, Tenant>
  /** The file system of a tenant: what all processes share of its data folder lies in the database. */
  readonly files: (
    tenant: { readonly id: string; readonly data_dir: string },
    disk: FileSystem.FileSystem,
  ) => FileSystem.FileSystem
  /** The journal of a tenant's changes, which all processes share. */
  readonly journal: (tenant: string, audit: Audit) => Effect.Effect<Journal, StoreError>
  /** The rate of a tenant's calls that all processes share. */
  readonly paceOf?: (tenant: string) => (rate: Rate) => Effect.Effect<Pace, never, Scope.Scope>
}

/** Which process does which work. */
export interface Placement {
  /**
   * Offers to do the work of a unit. It is done here whenever the cluster places the unit here, anew each time and fenced by a new epoch;
   * `over` tells the work that another process has it. Ends only with what `work` fails with. Interrupting it stops the work, which
   * drains, and takes the offer back.
   */
  readonly run: <E>(
    unit: string,
    work: (over: Effect.Effect<void>) => Effect.Effect<void, E>,
  ) => Effect.Effect<never, E>
  /** How long a process that ends may deliver what it has read. */
  readonly drain_ms_max: number
  /** Gives every place back, for a process that ends: the others take its units at once. Nothing is placed here any more. */
  readonly leave: Effect.Effect<void>
  /** Shows in health where a unit runs, for as long as the scope lives; `perSecond`: how many events of it are delivered here, for the others to show. */
  readonly show: (unit: string, cell: HealthCell, perSecond: () => number) => Effect.Effect<void, never, Scope.Scope>
}

/** Who runs what, as the database told last. */
export interface ClusterLook {
  /** This one. */
  readonly process: string
  /** Why the database cannot be read now; empty where it can. */
  readonly trouble: string
  readonly processes: readonly {
    readonly process: string
    readonly version: string
    /** Whether it takes units. */
    readonly works: boolean
    /** How old its last sign of life is. */
    readonly seen_s: number
  }[]
  readonly units: readonly {
    readonly tenant: string
    readonly plugin: string
    readonly process: string
    readonly since: string
    readonly epoch: number
    /** How old the last sign of life of its process is; `null` where there is none. */
    readonly seen_s: number | null
    readonly events_per_s: number | null
  }[]
}

/** A process as a member of a cluster. */
export interface Cluster {
  readonly look: () => ClusterLook
  readonly stores: TenantStores
  readonly placement: Placement
}
