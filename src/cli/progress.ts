/** Progress on standard error: a bar that redraws itself on a terminal, a line now and then elsewhere. */
import { Clock, Effect } from "effect"
import type { Tally } from "../core/assets/cycle-tally.ts"
import { writeError } from "../core/telemetry/standard-error.ts"

const bar_width = 30
const redraw_ms = 100
const line_ms = 5_000

export interface ProgressLine {
  readonly show: (tally: Tally) => Effect.Effect<void>
  /** Leaves the terminal's line as it should stay. */
  readonly end: Effect.Effect<void>
}

/** `noun`: what is read, such as `hosts`. */
export const makeProgressLine = (noun: string): ProgressLine => {
  const { isTTY: on_terminal } = process.stderr
  // A terminal that does not know its width says 0.
  const columns = process.stderr.columns || 80
  let shown_ms = on_terminal ? Number.NEGATIVE_INFINITY : undefined
  let drawn = false

  const show = (tally: Tally) =>
    Effect.map(Clock.currentTimeMillis, (now_ms) => {
      shown_ms ??= now_ms
      if (now_ms < shown_ms + (on_terminal ? redraw_ms : line_ms)) return
      shown_ms = now_ms
      const text = progressText(tally, noun)
      drawn = on_terminal
      writeError(on_terminal ? `\r\x1b[2K${`${bar(tally)}${text}`.slice(0, columns - 1)}` : `akonis: ${text}\n`)
    })
  const end = Effect.sync(() => {
    if (drawn) writeError("\r\x1b[2K")
  })
  return { show, end }
}

const progressText = ({ read, sent, total }: Tally, noun: string): string =>
  `${read}${total === undefined ? "" : ` of ${total}`} ${noun} read, ${sent} sent`

/** Nothing where the end is not known. */
const bar = ({ read, total }: Tally): string => {
  if (total === undefined || total === 0) return ""
  const full = Math.min(bar_width, Math.round((bar_width * read) / total))
  return `[${"#".repeat(full)}${".".repeat(bar_width - full)}] `
}
