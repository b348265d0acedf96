/** A TCP proxy that misbehaves when told to: it refuses, cuts, delays, and overwrites bytes with NUL. */
import { Transform } from "node:stream"
import type { Random } from "../../simulator/events/random.ts"
import type { Gate, Shape } from "../process/gate.ts"

export interface Disturber extends Gate {
  /** Holds every piece that goes through back for so long; 0 for not at all. */
  readonly delay: (ms: number) => void
  /** Overwrites one byte in each of the next pieces that go this way. NUL is valid nowhere in JSON and HTTP, so it shows. */
  readonly damage: (way: "up" | "down", pieces: number) => void
  /** Bytes overwritten so far. */
  readonly damaged: () => number
}

/** `open` makes the gate; `random` chooses the bytes. */
export const makeProxy = async (open: (shape: Shape) => Promise<Gate>, random: Random): Promise<Disturber> => {
  const to_damage = { up: 0, down: 0 }
  let damaged = 0
  let delay_ms = 0

  const pass = (way: "up" | "down", piece: Buffer): Buffer => {
    if (to_damage[way] === 0 || piece.length === 0) return piece
    to_damage[way]--
    damaged++
    const copy = Buffer.from(piece)
    copy[random.int(0, copy.length - 1)] = 0
    return copy
  }

  const gate = await open(
    (way) =>
      new Transform({
        transform: (piece: Buffer, _, done) => {
          const passed = pass(way, piece)
          if (delay_ms === 0) done(null, passed)
          else setTimeout(() => done(null, passed), delay_ms)
        },
      }),
  )
  return {
    ...gate,
    delay: (ms) => {
      delay_ms = ms
    },
    damage: (way, pieces) => {
      to_damage[way] = pieces
    },
    damaged: () => damaged,
  }
}
