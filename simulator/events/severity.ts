import type { Random } from "./random.ts"

const levels = ["Informational", "Low", "Medium", "High", "Critical"] as const

/** A severity from 0 to 100 with its name, as current detections have it. */
export function drawSeverity(random: Random): { Severity: number; SeverityName: string } {
  const level = random.int(0, 4)
  return { Severity: level * 20 + random.int(0, 19), SeverityName: levels[level]! }
}

/** A severity from 1 to 5 with its name, as the legacy detections and cloud findings have it. */
export function drawLevel(random: Random): { Severity: number; SeverityName: string } {
  const level = random.int(0, 4)
  return { Severity: level + 1, SeverityName: levels[level]! }
}
