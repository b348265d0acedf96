/**
 * Log lines that repeat: the first one is written at once, what repeats it within a minute is counted and told in one line. A
 * loop that tries again, or a flood of bad events, costs a line a minute this way, whoever writes it.
 */
import { Clock, Context, Effect, Logger, References } from "effect"
import { monotonicMs } from "../monotonic.ts"

/** For how long lines are summed up. */
const window_ms = 60_000
/** How often it is looked for sums that are due. */
const look_ms = 5_000
/** Texts that are told apart; what comes beyond counts as one. A text is about 200 bytes. */
const texts_max = 1_000
const text_chars_max = 200

/**
 * What a line repeats: `text`, lines of the same level, tenant and partition that differ in numbers and ids only; `each`, nothing,
 * since every one is wanted; `end`, nothing, and the sums of all others are told before it; any other value, all lines of the tenant with
 * this value, whatever they say.
 */
export const RepeatsAs = Context.Reference<"text" | "each" | "end" | (string & {})>("akonis/core/RepeatsAs", {
  defaultValue: () => "text",
})

/** What is needed to write a line later. */
interface Line {
  readonly level: "Fatal" | "Error" | "Warn" | "Info" | "Debug" | "Trace"
  readonly text: string
  readonly notes: Readonly<Record<string, unknown>>
}

interface Seen {
  since_ms: number
  repeated: number
  last: Line
}

/** Which lines are written, and what is told of the others. Times are milliseconds of any clock that never goes back. */
class Repeats {
  private readonly seen = new Map<string, Seen>()

  /** Whether a line is written now; else it is counted. */
  admit(kind: string, line: Line, now_ms: number): boolean {
    if (kind === "each" || kind === "end") return true
    const wanted = kind === "text" ? keyOf(line) : [line.level, line.notes.tenant, kind].join("\n")
    const key = this.seen.has(wanted) || this.seen.size < texts_max ? wanted : "what comes beyond"
    const seen = this.seen.get(key)
    if (seen !== undefined && (seen.repeated > 0 || now_ms - seen.since_ms < window_ms)) {
      seen.repeated++
      seen.last = line
      return false
    }
    this.seen.set(key, { since_ms: now_ms, repeated: 0, last: line })
    return true
  }

  /** The sums of every minute that is over; with `all`, of those that are not, too. */
  due(now_ms: number, all = false): readonly Line[] {
    const sums: Line[] = []
    for (const [key, seen] of this.seen) {
      const for_ms = now_ms - seen.since_ms
      if (for_ms < window_ms && !all) continue
      if (seen.repeated === 0) {
        this.seen.delete(key)
        continue
      }
      // The sum stands first: with the text first it reads like something that happens now.
      const text = `repeated ${times(seen.repeated)} in the last ${span(for_ms)}: ${seen.last.text}`
      sums.push({ ...seen.last, text })
      seen.since_ms = now_ms
      seen.repeated = 0
    }
    return sums
  }
}

/** A logger that writes what repeats itself only once and sums up the rest; its scope's end tells what is left. */
export const summedUp = Effect.fnUntraced(function* (logger: Logger.Logger<unknown, unknown>) {
  const clock = yield* Clock.Clock
  const repeats = new Repeats()
  const tell = (all: boolean) =>
    Effect.forEach(repeats.due(monotonicMs(clock), all), write, { discard: true }).pipe(
      Effect.provideService(Logger.CurrentLoggers, new Set([logger])),
      Effect.provideService(References.MinimumLogLevel, "All"),
    )
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.andThen(
        Effect.sleep(look_ms),
        Effect.suspend(() => tell(false)),
      ),
    ),
  )
  yield* Effect.addFinalizer(() => Effect.suspend(() => tell(true)))
  return Logger.make<unknown, void>((options) => {
    const { message, logLevel, fiber } = options
    const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
    const notes = fiber.getRef(References.CurrentLogAnnotations)
    const line: Line = { level: logLevel as Line["level"], text, notes }
    const kind = fiber.getRef(RepeatsAs)
    if (kind === "end") Effect.runSync(Effect.provideService(tell(true), Clock.Clock, clock))
    if (repeats.admit(kind, line, monotonicMs(clock))) logger.log(options)
  })
})

const write = ({ level, text, notes }: Line): Effect.Effect<void> =>
  Effect.logWithLevel(level)(text).pipe(Effect.annotateLogs({ ...notes }))

/** Without numbers, and words that hold a digit: times, offsets, addresses, ids of a trace. */
const keyOf = ({ level, text, notes }: Line): string =>
  [level, notes.tenant, notes.partition, text.slice(0, text_chars_max).replaceAll(/[\w.:-]*\d[\w.:-]*/g, "#")].join(
    "\n",
  )

const times = (count: number): string => (count === 1 ? "once" : `${count} times`)

const span = (ms: number): string => (ms < 2 * window_ms && ms >= window_ms ? "minute" : `${Math.round(ms / 1_000)} s`)
