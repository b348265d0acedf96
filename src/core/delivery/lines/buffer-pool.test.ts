import { describe, expect, test } from "bun:test"
import { buffers as limits } from "../limits.ts"
import { BufferPool, batches_of_partition } from "./buffer-pool.ts"
import { Buffers } from "./buffers.ts"

const sizeOf = (buffer: Uint8Array) => buffer.buffer.byteLength

describe("the pool of buffers", () => {
  test("gives a buffer that came back to whichever partition needs one next, while others are in use", () => {
    const pool = new BufferPool()
    const busy = pool.take(1_000)
    const first = pool.take(1_000)
    pool.giveBack(first)
    expect(pool.take(900)).toBe(first)
    expect(busy.length).toBe(1_000)
  })

  test("holds nothing once all have come back: their memory is freed at once", () => {
    const pool = new BufferPool()
    const taken = Array.from({ length: 500 }, () => pool.take(1_000))
    for (const buffer of taken) pool.giveBack(buffer)
    expect(taken.reduce((sum, buffer) => sum + sizeOf(buffer), 0)).toBe(0)
  })

  test("keeps one spare more than are in use, and gives a small batch no buffer that was made for a large one", () => {
    const pool = new BufferPool()
    const large = Array.from({ length: 10 }, () => pool.take(1_000_000))
    for (const buffer of large.slice(1)) pool.giveBack(buffer)
    expect(large.filter((buffer) => sizeOf(buffer) > 0).length).toBe(3)
    expect(pool.take(1_000).length).toBe(1_000)
  })

  test("leaves ever less to a batch the more is in use, so that all together stay within the bound", () => {
    const pool = new BufferPool()
    const rooms = Array.from({ length: 300 }, () => {
      const room = Math.floor(pool.room_bytes)
      pool.take(room)
      return room
    })
    expect(rooms).toEqual([...rooms].sort((a, b) => b - a))
    expect(rooms.reduce((sum, room) => sum + room, 0)).toBeLessThanOrEqual(limits.bytes_max)
    const partition = new Buffers(pool)
    expect(partition.mayGrow(0, limits.batch_bytes_min)).toBe(true)
    expect(partition.mayGrow(0, limits.batch_bytes_min + 1)).toBe(false)
  })
})

describe("the buffers of a partition", () => {
  test("are as large as those of other partitions with batches of about that size, so that they are used again", () => {
    const pool = new BufferPool()
    pool.take(1)
    const [one, other] = [new Buffers(pool), new Buffers(pool)]
    one.took(700_000)
    other.took(900_000)
    const buffer = one.grown(new Uint8Array(), 0, 100)
    one.giveBack(buffer)
    expect(other.grown(new Uint8Array(), 0, 100)).toBe(buffer)
  })

  test("that it held when it ended count no more, and nobody else gets them", () => {
    const pool = new BufferPool()
    const partition = new Buffers(pool)
    const posted = partition.grown(new Uint8Array(), 0, 100)
    partition.close()
    expect(pool.room_bytes * batches_of_partition).toBe(limits.bytes_max)
    partition.giveBack(posted)
    pool.take(1)
    expect(pool.take(posted.length)).not.toBe(posted)
    expect(sizeOf(posted)).toBe(posted.length)
  })
})
