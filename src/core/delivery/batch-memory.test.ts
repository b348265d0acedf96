/** Who has which part of the memory of batches. */
import { expect, test } from "bun:test"
import { Effect, Exit, Scope } from "effect"
import { makeBatchMemory } from "./batch-memory.ts"
import { batches_of_partition } from "./lines/buffer-pool.ts"
import { type Buffers, no_buffer } from "./lines/buffers.ts"

const MiB = 1024 * 1024

/** Fills a batch with lines of 2 KB, as far as it may grow; tells how large that is. */
const fill = (buffers: Buffers): number => {
  let buffer = no_buffer
  for (let at = 2_048; at <= buffer.length || buffers.mayGrow(buffer.length, at); at += 2_048) {
    if (at > buffer.length) buffer = buffers.grown(buffer, at - 2_048, at)
  }
  buffers.took(buffer.length)
  return buffer.length
}

test("a partition has its part of the memory, however much the partitions of dead intakes hold", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const memory = makeBatchMemory(48 * MiB)
      const partitions = yield* Effect.forEach(
        ["dead 1", "dead 1", "dead 1", "dead 2", "dead 2", "dead 3", "alive"],
        memory.join,
      )
      const alive = partitions.pop()!
      const held = partitions.flatMap((dead) => Array.from({ length: batches_of_partition }, () => fill(dead)))
      expect(Math.max(...held)).toBeGreaterThan(8 * MiB)
      const part = (48 * MiB) / 4 / batches_of_partition
      for (let batch = 0; batch < batches_of_partition; batch++) {
        const bytes = fill(alive)
        held.push(bytes)
        expect(bytes).toBeGreaterThan(part / 2)
        expect(bytes).toBeLessThanOrEqual(part)
      }
      expect(held.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(2 * 48 * MiB)
    }).pipe(Effect.scoped),
  ))

test("the partitions of a tenant share its part, and one that has ended takes nothing of it", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const memory = makeBatchMemory(48 * MiB)
      const flood = yield* memory.join("flood")
      const ended = yield* Scope.make()
      yield* Effect.forEach(Array.from({ length: 7 }), () => Scope.provide(memory.join("alive"), ended))
      const last = yield* memory.join("alive")
      expect(memory.partitions()).toBe(9)
      for (let batch = 0; batch < 20; batch++) fill(flood)
      expect(fill(last)).toBeLessThanOrEqual(MiB)
      yield* Scope.close(ended, Exit.void)
      expect(memory.partitions()).toBe(2)
      expect(fill(last)).toBeGreaterThan(4 * MiB)
    }).pipe(Effect.scoped),
  ))
