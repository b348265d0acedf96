/** The last log lines of this process, for `akonis support`: whoever asks for help seldom has the log at hand. */
import { log_tail as limits } from "../limits/operator.ts"

const lines: string[] = []
let next = 0

/** Remembers a finished line: redacted, as it is printed. */
export const rememberLine = (line: string): void => {
  lines[next] = line.slice(0, limits.line_chars_max)
  next = (next + 1) % limits.lines_max
}

/** The oldest first. */
export const lastLines = (): readonly string[] => [...lines.slice(next), ...lines.slice(0, next)]
