import { expect, test } from "bun:test"
import { Effect, Logger } from "effect"
import { formats } from "./logging.ts"

/** What a log call prints. */
const printed = (format: keyof typeof formats, message: string, notes: Record<string, string> = {}): string => {
  const lines: string[] = []
  const logger = Logger.make((options) => void lines.push(formats[format](options)))
  Effect.runSync(Effect.logWarning(message).pipe(Effect.annotateLogs(notes), Effect.provide(Logger.layer([logger]))))
  return lines.join("\n")
}

const forged = "gone\n05:31:12.345 INFO  all is well\r\u001b[2K\u009b2K\u202e"

test("a text in a log can neither steer a terminal nor look like a line of its own", () => {
  for (const format of ["pretty", "logfmt", "json"] as const) {
    const text = printed(format, forged, { partition: forged })
    expect(text.replaceAll("\n    ", "")).not.toMatch(/\p{Cc}|\u202e/u)
    expect(text).not.toMatch(/^05:31/m)
  }
})

test("a log line in JSON says the same after control characters are written as escapes", () => {
  expect(JSON.parse(printed("json", forged)).message).toBe(forged)
})
