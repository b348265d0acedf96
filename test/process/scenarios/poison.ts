/** Events that cannot be delivered: everything else is, and they can be looked at and tried again. */
import { live_clock } from "../../../simulator/clock.ts"
import type { PoisonKind, SimulatorOptions } from "../../../simulator/options.ts"
import { makeSimulator } from "../../../simulator/simulator.ts"
import type { DeadLetter } from "../../../src/core/delivery/dead-letters.ts"
import { type Env, type Lab, type Outcome, withLab } from "../harness.ts"

/** The reason that the dead letter of each poison has to give, as the contract promises. */
export const poison_reasons = {
  malformed: "not_a_json_object",
  truncated: "not_a_json_object",
  not_object: "not_a_json_object",
  oversize_chars: "event_too_long",
  oversize_line: "line_too_long",
  intake_refuses: "refused_by_intake",
  intake_too_large: "too_large_for_intake",
  invalid_utf8: "not_a_json_object",
} as const

export const poison_kinds = Object.keys(poison_reasons) as (keyof typeof poison_reasons)[]

export interface PoisonPlan {
  readonly events: number
  readonly kinds: readonly PoisonKind[]
}

export interface PoisonOutcome extends Outcome {
  /** The reason of each poison's dead letter, "none" where there is none. */
  readonly reasons: Readonly<Record<string, string>>
  /** Poisons whose `show --raw` is not what Falcon sent. */
  readonly altered: readonly string[]
  /** What a replay to a more lenient intake came to. */
  readonly replayed: { readonly status: number; readonly delivered: number; readonly corrupted: number }
  /** Dead letters that are still listed then. */
  readonly left: number
}

/** Bytes of a line that are kept; a longer one is cut there. */
const kept_bytes_max = 8 * 1_024 * 1_024

/** Fixed, so that two simulators of one seed hold the same events. */
const start_ms = Date.UTC(2026, 0, 1)

/** Delivers a stream with one event of each kind of poison in it, then replays what an intake without quirks takes. */
export const poisonedStream = ({ events, kinds }: PoisonPlan): Promise<PoisonOutcome> =>
  withLab(async (lab) => {
    const poison = kinds.map((kind, i) => ({
      partition: 0,
      index: Math.floor(((i + 1) * events) / (kinds.length + 1)),
      kind,
    }))
    const settings: SimulatorOptions = { seed: 3, events_per_partition: events, start_ms, poison }
    const simulated = await lab.simulate(settings)
    const worker = await lab.work(simulated)
    const outcome = await lab.finish(simulated, worker, 60_000)
    const tape = makeSimulator(settings, live_clock).tapes.get(0)!
    const env = lab.env(simulated, worker.data_dir)
    const letters = await listLetters(lab, env)
    const found = poison.map(({ kind, index }) => {
      const sent = tape.bytes(index)
      return { kind, sent, letter: letters.find((letter) => isOf(letter, sent)) }
    })
    const shown = await Promise.all(found.map(({ letter, sent }) => showsRaw(lab, env, letter, sent)))
    const altered = kinds.filter((_, i) => !shown[i])
    const replayed = await replayElsewhere(lab, settings, worker.data_dir)
    const left = (await listLetters(lab, env)).length
    const reasons = Object.fromEntries(found.map(({ kind, letter }) => [kind, letter?.reason ?? "none"]))
    return { ...outcome, reasons, altered, replayed, left }
  })

const listLetters = async (lab: Lab, env: Env): Promise<DeadLetter[]> => {
  const { status, stdout, stderr } = await lab.command(["dead-letters", "list", "--json"], env)
  if (status !== 0) throw new Error(`dead-letters list ended with ${status}: ${stderr}`)
  const lines = stdout.toString().split("\n")
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as DeadLetter)
}

const isOf = (letter: DeadLetter, sent: Uint8Array): boolean =>
  Buffer.from(letter.raw, letter.encoding).equals(sent.subarray(0, kept_bytes_max))

const showsRaw = async (lab: Lab, env: Env, letter: DeadLetter | undefined, sent: Uint8Array): Promise<boolean> => {
  if (letter === undefined) return false
  const { status, stdout } = await lab.command(["dead-letters", "show", letter.id, "--raw"], env)
  return status === 0 && stdout.equals(sent.subarray(0, kept_bytes_max))
}

/** Replays everything to an intake that refuses no event by itself and takes long ones. */
const replayElsewhere = async (lab: Lab, settings: SimulatorOptions, data_dir: string) => {
  const poison = (settings.poison ?? []).filter(({ kind }) => !kind.startsWith("intake_"))
  const lenient = await lab.simulate({ ...settings, poison, intake_event_chars_max: 400_000 })
  const { status } = await lab.command(["dead-letters", "replay", "--all"], lab.env(lenient, data_dir))
  const { delivered, corrupted, poison: taken } = (await lenient.account()).total
  return { status, delivered: delivered + taken.delivered, corrupted }
}
