import { Random } from "../events/random.ts"

/** A case and what is in it. */
export interface CaseState {
  readonly id: string
  /** For people: `ABC-1234`. */
  readonly reference_id: string
  readonly created_ms: number
  name: string
  description: string
  severity: number
  status: string
  assigned_to_uuid: string | undefined
  template_id: string | undefined
  tags: string[]
  custom_fields: readonly { readonly id: string; readonly values: readonly string[] }[]
  alerts: string[]
  events: string[]
  /** Grows with every change. */
  version: number
  updated_ms: number
  /** The case that it was merged into. */
  merged_into: string | undefined
}

/** A case that nobody has changed yet. */
export function makeCase(number: number, now: number): CaseState {
  return {
    id: new Random(2_000_000 + number).hex(32),
    reference_id: `SIM-${1000 + number}`,
    created_ms: now,
    name: `Case ${number}`,
    description: "",
    severity: 50,
    status: "new",
    assigned_to_uuid: undefined,
    template_id: undefined,
    tags: [],
    custom_fields: [],
    alerts: [],
    events: [],
    version: 1,
    updated_ms: now,
    merged_into: undefined,
  }
}

const at_first = 5

/** Those that a tenant has before anybody calls. */
export const makeCases = (now: number): CaseState[] =>
  Array.from({ length: at_first }, (_, at) => ({
    ...makeCase(at, now),
    created_ms: now - (at_first - at) * 3_600_000,
    severity: 20 * (at + 1),
    tags: at === 0 ? ["first"] : [],
  }))

/** The number of the next case, so that no reference id comes twice. */
export const nextCase = (state: { cases_made: number }): number => at_first + state.cases_made++
