/** Log lines as the platform takes them: of a connector one by one, of an action as one text at its end. */
import { Logger, References } from "effect"
import { redact } from "../../core/telemetry/redact.ts"
import { oneLine } from "../../core/text.ts"
import { logs as limits } from "../limits.ts"

export interface LogLine {
  /** UTC without a zone, as Python's `isoformat` writes it. */
  readonly date: string
  readonly level: "debug" | "info" | "warning" | "error" | "critical"
  readonly message: string
}

interface Line extends LogLine {
  readonly notes: Readonly<Record<string, unknown>>
}

const levels: Readonly<Record<string, LogLine["level"]>> = {
  Trace: "debug",
  Debug: "debug",
  Info: "info",
  Warn: "warning",
  Error: "error",
  // The platform stops a connector that logs something critical; only its own configuration is that, and is told apart.
  Fatal: "error",
}

const pythonDate = (date: Date): string => date.toISOString().replace("Z", "000")

/** A logger that gives every line, secrets cut out. */
const lineLogger = (take: (line: Line) => void): Logger.Logger<unknown, void> =>
  Logger.make<unknown, void>(({ date, logLevel, message, fiber }) => {
    const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
    const notes = Object.entries(fiber.getRef(References.CurrentLogAnnotations)).map(
      ([key, value]) => [key, typeof value === "string" ? redact(value) : value] as const,
    )
    take({
      date: pythonDate(date),
      level: levels[logLevel] ?? "info",
      message: text
        .split(/\r?\n/)
        .map((part) => redact(oneLine(part)))
        .join("\n"),
      notes: Object.fromEntries(notes),
    })
  })

/** A logger for a connector: notes such as the partition stand behind the text. */
export const connectorLogger = (take: (line: LogLine) => void): Logger.Logger<unknown, void> =>
  lineLogger(({ notes, message, ...line }) =>
    take({
      ...line,
      message: [message, ...Object.entries(notes).map(([key, value]) => `${key}=${String(value)}`)].join("  "),
    }),
  )

/** A line that Akonis itself makes for the platform. */
export const lineOf = (level: LogLine["level"], message: string, now_ms: number): LogLine => ({
  date: pythonDate(new Date(now_ms)),
  level,
  message: redact(message),
})

/** The log of one action: the last lines, as the SDK writes them. */
export const makeActionLog = () => {
  const lines: string[] = []
  let dropped = 0
  const logger = lineLogger(({ date, level, message, notes }) => {
    const context = Object.keys(notes).length === 0 ? "" : ` - Context: ${JSON.stringify(notes)}`
    lines.push(`${date.replace("T", " ")}: ${level}: ${message}${context}\n`)
    if (lines.length <= limits.action_lines_max) return
    lines.shift()
    dropped++
  })
  const text = () => (dropped === 0 ? "" : `(${dropped} earlier lines are left out)\n`) + lines.join("")
  return { logger, text }
}
