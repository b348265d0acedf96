/** What one simulation of a cluster is made of, as plain data: a workload as everywhere, how many processes, and what befalls them. */
import { endOf, type Scenario } from "./scenario.ts"

/** Which process something befalls: whoever has the unit just then, or one by its number. */
export type Who = "holder" | number

/**
 * How a line to the database fails. `refused`: no connection. `hangs`: nothing arrives. `answer_lost`: carried out, and no answer.
 * `answer_reset`: carried out, and the connection breaks in place of an answer. `late`: carried out when the process has given it up.
 */
export type LineFault = "refused" | "hangs" | "answer_lost" | "answer_reset" | "late"

/** Everything counts from the start of the run. `steps`: it happens so many calls of the process after `at_ms`. */
export type Trouble =
  /** The unit moves. `orderly`: who has it is told and may deliver what it has read; else another one has it at once, and it learns that `learns_ms` later. */
  | {
      readonly on: "move"
      readonly at_ms: number
      readonly steps: number
      readonly orderly: boolean
      readonly learns_ms: number
    }
  /** A process stands still, and goes on later as if nothing had been. */
  | {
      readonly on: "freeze"
      readonly at_ms: number
      readonly who: Who
      readonly steps: number
      readonly for_ms: number
    }
  | { readonly on: "kill"; readonly at_ms: number; readonly who: Who; readonly steps: number; readonly down_ms: number }
  /** SIGTERM. */
  | { readonly on: "stop"; readonly at_ms: number; readonly who: Who; readonly down_ms: number }
  /** The line of one process to the database fails. */
  | { readonly on: "cut"; readonly at_ms: number; readonly who: Who; readonly for_ms: number; readonly how: LineFault }
  /** The database fails for everybody. */
  | { readonly on: "database"; readonly at_ms: number; readonly for_ms: number; readonly how: LineFault }
  /** The wall clock of one process jumps. */
  | { readonly on: "clock"; readonly at_ms: number; readonly who: Who; readonly by_ms: number }

export interface ClusterScenario extends Scenario {
  readonly runners: number
  readonly troubles: readonly Trouble[]
  /** Longest way of a statement to the database, and of its answer back. */
  readonly line_ms_max: number
}

/** For how long a process may go on after its `steps` are not taken: then what befalls it does so anyway. */
export const steps_ms_max = 20_000

/** When all that befalls is over. */
export const troublesEndMs = ({ troubles, faults }: ClusterScenario): number =>
  Math.max(
    0,
    ...faults.map(endOf),
    ...troubles.map(
      (one) =>
        one.at_ms +
        steps_ms_max +
        ("for_ms" in one ? one.for_ms : 0) +
        ("down_ms" in one ? one.down_ms : 0) +
        ("learns_ms" in one ? one.learns_ms : 0),
    ),
  )
