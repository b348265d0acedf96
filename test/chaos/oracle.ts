/** Where every event is in the end: with the intake, in a dead letter, or nowhere. */
import { readdirSync, readFileSync } from "node:fs"
import type { Account } from "../../simulator/account.ts"
import { live_clock } from "../../simulator/clock.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { makeSimulator } from "../../simulator/simulator.ts"
import type { Tape } from "../../simulator/tape.ts"
import type { DeadLetter } from "../../src/core/delivery/dead-letters.ts"

/** The bytes of every dead letter; a line that a kill cut short holds none. */
export const deadLettersIn = (data_dir: string): Buffer[] => {
  const folder = `${data_dir}/dead-letters`
  const names = readNames(folder).filter((name) => name !== "replayed.ndjson")
  return names.flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n").flatMap(rawOf))
}

const readNames = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const rawOf = (line: string): Buffer[] => {
  try {
    const { raw, encoding } = JSON.parse(line) as DeadLetter
    return [Buffer.from(raw, encoding)]
  } catch {
    return []
  }
}

/** Whether a dead letter holds an event: byte for byte, but for bytes that the proxy overwrote with NUL. */
const holds = (letter: Buffer, event: Uint8Array): boolean =>
  beginnings(letter).some((start) => matchesAt(letter, start, event))

/** An event begins where the line does, or behind a line end that was overwritten. */
const beginnings = (letter: Buffer): number[] => {
  const starts = [0]
  for (let at = letter.indexOf(0); at >= 0; at = letter.indexOf(0, at + 1)) starts.push(at + 1)
  return starts
}

const matchesAt = (letter: Buffer, start: number, event: Uint8Array): boolean => {
  if (start + event.length > letter.length) return false
  for (let i = 0; i < event.length; i++) if (letter[start + i] !== event[i] && letter[start + i] !== 0) return false
  return true
}

export interface Whereabouts {
  /** Intact events that only a dead letter holds: their bytes were damaged on the way, or the intake refused them. */
  readonly set_aside: number
  /** Poisoned events, of which a dead letter each is due. */
  readonly poisoned: number
  /** Dead letters of events that were delivered after all, when they were read again. */
  readonly made_good: number
  readonly lost: readonly number[]
}

/** Accounts for everything that the intake does not have. */
export const locate = (
  settings: SimulatorOptions,
  undelivered: Readonly<Record<string, readonly number[]>>,
  letters: readonly Buffer[],
): Whereabouts => {
  const { tapes } = makeSimulator(settings, live_clock)
  const needed = new Set<Buffer>()
  const isKept = (event: Uint8Array): boolean => {
    const holding = letters.filter((letter) => holds(letter, event))
    for (const letter of holding) needed.add(letter)
    return holding.length > 0
  }
  const missing = Object.entries(undelivered).flatMap(([partition, offsets]) =>
    eventsAt(tapes.get(Number(partition))!, offsets),
  )
  const poisoned = [...tapes.values()].flatMap((tape) =>
    [...tape.options.poison.keys()].map((index) => ({ offset: tape.offset(index), bytes: tape.bytes(index) })),
  )
  const lost = [...missing, ...poisoned].filter(({ bytes }) => !isKept(bytes)).map(({ offset }) => offset)
  return {
    set_aside: missing.length,
    poisoned: poisoned.length,
    made_good: letters.filter((letter) => !needed.has(letter)).length,
    lost,
  }
}

const eventsAt = (tape: Tape, offsets: readonly number[]) =>
  offsets.map((offset) => ({ offset, bytes: tape.bytes(tape.indexOf(offset)!) }))

/** What must not be, in words. */
export const wrongs = (
  { total, violations }: Account,
  { lost, made_good }: Whereabouts,
  repeated_too_often: readonly string[],
): string[] => {
  const found: string[] = []
  if (lost.length > 0)
    found.push(`${lost.length} events are lost; the first have offsets ${lost.slice(0, 10).join(", ")}`)
  if (total.corrupted > 0) found.push(`${total.corrupted} events were delivered with other bytes than were sent`)
  // An event that was damaged, set aside and then read again by a later worker comes behind its successors.
  if (total.out_of_order > made_good) found.push(`${total.out_of_order} events came out of order, ${made_good} may`)
  if (total.poison.delivered > 0) found.push(`the intake took ${total.poison.delivered} poisoned events`)
  return [...found, ...repeated_too_often, ...violations.map(({ what }) => `the intake need not bear this: ${what}`)]
}
