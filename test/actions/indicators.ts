/** Indicators for tests of pushes: as STIX says them, as Falcon has them already, and as a push tells of them. */
import { Effect } from "effect"
import type { Outcome } from "../../src/core/actions/action.ts"
import { findAll } from "../../src/plugins/iocs/find-existing.ts"
import type { Row } from "../../src/plugins/iocs/indicator.ts"

export const day_ms = 24 * 60 * 60_000

/** The source of the indicators that Akonis has created. */
export const ours = { source: "Sekoia.io" }

export const hash = (n: number) => n.toString(16).padStart(64, "0")

/** A STIX indicator of a SHA-256. */
export const stix = (n: number, more: object = {}) => ({
  type: "indicator",
  id: `indicator--${n}`,
  pattern_type: "stix",
  pattern: `[file:hashes.'SHA-256' = '${hash(n)}']`,
  ...more,
})

/** An indicator that is there already. */
export const given = (n: number, more: object = {}) => ({
  type: "sha256",
  value: hash(n),
  action: "detect" as const,
  severity: "low" as const,
  platforms: ["windows" as const],
  source: "SOC",
  ...more,
})

export const rowsOf = (outcome: Outcome) => outcome.resources as readonly Row[]

/** Every indicator that Falcon has now. */
export const all = Effect.map(findAll(undefined), ({ indicators }) => indicators)
