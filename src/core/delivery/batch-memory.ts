/** How much memory the batches of all tenants of a process may hold, and what each partition has of it. */
import { Context, Effect, type Scope } from "effect"
import { delivery } from "./limits.ts"

/** Shares the memory out. Every tenant has the same part, whatever it receives, and its partitions share that. */
export interface BatchMemory {
  /** Counts a partition for as long as the scope lives; tells, whenever it is asked, how many bytes one batch of it may hold now. */
  readonly join: (tenant: string) => Effect.Effect<() => number, never, Scope.Scope>
  /** Partitions of all tenants. */
  readonly partitions: () => number
}

/** Batches of a partition at one time: one is posted, one waits, one fills. */
const batches_of_partition = 2 + delivery.batches_waiting_max

export const makeBatchMemory = (bytes_max: number = delivery.process_bytes_max): BatchMemory => {
  const partitions = new Map<string, number>()
  let of_all = 0
  const change = (tenant: string, by: number) =>
    Effect.sync(() => {
      of_all += by
      const count = (partitions.get(tenant) ?? 0) + by
      if (count > 0) partitions.set(tenant, count)
      else partitions.delete(tenant)
    })
  return {
    partitions: () => of_all,
    join: (tenant) =>
      Effect.as(
        Effect.acquireRelease(change(tenant, 1), () => change(tenant, -1)),
        () => bytes_max / (partitions.size * (partitions.get(tenant) ?? 1) * batches_of_partition),
      ),
  }
}

/** What the tenants of a process share; a process of its own where nothing is provided. */
export const SharedBatchMemory = Context.Reference<BatchMemory>("akonis/core/SharedBatchMemory", {
  defaultValue: () => makeBatchMemory(),
})
