/** The memory of the batches of all tenants of a process, and what each partition has of it. */
import { Context, Effect, type Scope } from "effect"
import { buffers as limits } from "./limits.ts"
import { BufferPool, batches_of_partition } from "./lines/buffer-pool.ts"
import { Buffers } from "./lines/buffers.ts"

/**
 * Shares the memory out. Every tenant has the same part, whatever it receives, and its partitions share that. What others do not use may be
 * used besides; what others use beyond their part takes nothing from one's own.
 */
export interface BatchMemory {
  /** Counts a partition for as long as the scope lives, and gives it the buffers of its batches. */
  readonly join: (tenant: string) => Effect.Effect<Buffers, never, Scope.Scope>
  /** Partitions of all tenants. */
  readonly partitions: () => number
}

export const makeBatchMemory = (bytes_max: number = limits.bytes_max): BatchMemory => {
  const pool = new BufferPool(bytes_max)
  const partitions = new Map<string, number>()
  let of_all = 0
  const change = (tenant: string, by: number) => {
    of_all += by
    const count = (partitions.get(tenant) ?? 0) + by
    if (count > 0) partitions.set(tenant, count)
    else partitions.delete(tenant)
  }
  const partBytes = (tenant: string) =>
    bytes_max / (partitions.size * (partitions.get(tenant) ?? 1) * batches_of_partition)
  return {
    partitions: () => of_all,
    join: (tenant) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          change(tenant, 1)
          return new Buffers(pool, () => partBytes(tenant))
        }),
        (buffers) =>
          Effect.sync(() => {
            buffers.close()
            change(tenant, -1)
          }),
      ),
  }
}

/** What the tenants of a process share; a process of its own where nothing is provided. */
export const SharedBatchMemory = Context.Reference<BatchMemory>("akonis/core/SharedBatchMemory", {
  defaultValue: () => makeBatchMemory(),
})
