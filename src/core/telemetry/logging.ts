/**
 * Log lines: on standard error, in the format the operator chose, with every known secret cut out of the finished text, and those
 * that repeat summed up.
 * Standard output is left to what a command is asked to print.
 */
import { Layer, Logger, References } from "effect"
import { oneLine, terminalText } from "../text.ts"
import { rememberLine } from "./log-tail.ts"
import { redact } from "./redact.ts"
import { summedUp } from "./repeats.ts"
import { tellLostLines, writeError } from "./standard-error.ts"

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly format: "pretty" | "logfmt" | "json"
}

const levels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

/** `also`: who else is given every line. */
export const layerLogging = ({ level, format }: LogOptions, also: readonly Logger.Logger<unknown, void>[] = []) => {
  const printed = Logger.make<unknown, void>((options) => {
    const line = redact(formats[format](options))
    rememberLine(line)
    writeError(`${line}\n`)
  })
  const loggers = Logger.layer([printed, ...also].map(summedUp))
  return Layer.mergeAll(
    Layer.effectDiscard(tellLostLines).pipe(Layer.provideMerge(loggers)),
    Layer.succeed(References.MinimumLogLevel, levels[level]),
  )
}

/**
 * Text from elsewhere is cleaned where it comes in; this is for what slipped through. A line break, which a stack trace has,
 * is followed by blanks, so that nothing that is logged can look like a line of its own.
 */
const indented = (text: string): string => text.split(/\r?\n/).map(oneLine).join("\n    ")

/** `2026-01-31T05:31:12.345Z WARN  what happened, and what happens next  partition=… offset=…` */
const pretty = Logger.make<unknown, string>(({ date, logLevel, message, fiber }) => {
  const time = date.toISOString()
  const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
  const notes = Object.entries(fiber.getRef(References.CurrentLogAnnotations)).map(
    ([key, value]) => `${key}=${String(value)}`,
  )
  return [`${time} ${logLevel.toUpperCase().padEnd(5)} ${text}`, ...notes].join("  ")
})

type Format = (options: Logger.Options<unknown>) => string

/** One log call as text, before secrets are cut out of it. */
export const formats: Readonly<Record<LogOptions["format"], Format>> = {
  pretty: (options) => indented(pretty.log(options)),
  logfmt: (options) => oneLine(Logger.formatLogFmt.log(options)),
  json: (options) => terminalText(Logger.formatJson.log(options)),
}
