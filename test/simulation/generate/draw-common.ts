/** What several draws have in common. */
import type { Random } from "../../../simulator/events/random.ts"
import type { Fault, RequestDeed, RetryForm } from "./scenario.ts"

export const minute = 60_000

/** A list of nothing, in the ways in which services write it. */
export const empty_lists: readonly string[] = [
  '{"meta":{"pagination":{"total":0}},"resources":[],"errors":[]}',
  '{"meta":{},"resources":[],"errors":[]}',
]

/** An answer that says nothing about what there is. */
export const no_lists: readonly string[] = ['{"meta":{},"resources":null,"errors":[]}', '{"meta":{},"errors":null}']

/** 200 without a byte: even less than `no_lists`. */
export const no_bytes: RequestDeed = { kind: "nothing", body: "" }

const forms: readonly RetryForm[] = ["none", "seconds", "date", "epoch", "both", "nonsense", "dated"]

export const drawDown = (random: Random): number => random.pick([100, 5_000, 60_000, 600_000])

export const drawKill = (random: Random, at_ms: number): Fault => ({
  on: "kill",
  at_ms,
  steps: random.int(0, random.pick([3, 30])),
  power: random.chance(0.5),
  down_ms: drawDown(random),
})

/** A status; with a 429, and now and then with another, when to come back. */
export const drawStatusOf = (random: Random, status: number): Extract<RequestDeed, { kind: "status" }> => ({
  kind: "status",
  status,
  ...(status === 429 || random.chance(0.1)
    ? { form: random.pick(forms), wait_s: random.pick([1, 7, 120, 3_600, 0, -60]) }
    : {}),
})
