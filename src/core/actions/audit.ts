/**
 * The audit log, `data_dir/audit.ndjson`: one line per attempt to change something, on the disk before the answer is
 * given. While the log cannot be written, nothing that changes something runs.
 */
import { Clock, Effect, FileSystem, Semaphore } from "effect"
import type { StoreError } from "../errors.ts"
import { monotonicMs } from "../monotonic.ts"
import { alone } from "../store/alone.ts"
import { appendDurably } from "../store/atomic-file.ts"
import { systemWords } from "../store/regular-file.ts"
import { redact } from "../telemetry/redact.ts"
import { RepeatsAs } from "../telemetry/repeats.ts"
import { audit as bounds } from "./limits.ts"
import type { Counts } from "./response.ts"

export interface AuditLine {
  /** ISO 8601. */
  readonly at: string
  /** Name of the token, `shell:<user>`, `SIGHUP`, or `flight-control` where children have come or gone. */
  readonly who: string
  readonly role: string
  /** The second person, where one had to approve it. */
  readonly approved_by?: string
  /** `http`, `mcp`, `shell`; for a reload also `signal`, or `flight-control` where the process asked itself. */
  readonly via: string
  readonly tenant: string
  readonly action: string
  /** Ids, values of indicators and the like: what it was about. */
  readonly ids: readonly string[]
  /** The other arguments, long ones cut. */
  readonly arguments: Readonly<Record<string, unknown>>
  /** `success`, `partial`, `refused`, `failed`, or `unknown` when nobody can tell whether it happened. */
  readonly outcome: "success" | "partial" | "refused" | "failed" | "unknown"
  readonly counts?: Counts
  readonly trace_ids: readonly string[]
  readonly request_id: string
  /** Of the trace that the request belongs to (W3C Trace Context), where somebody traces it; `trace_ids` are Falcon's. */
  readonly w3c_trace_id?: string
  /** Why, unless it worked. */
  readonly detail?: string
}

export interface Audit {
  /** Fails when the log cannot be written now. */
  readonly ready: Effect.Effect<void, StoreError>
  /**
   * Writes a line. One that the disk does not take now stays in memory, is told in the process's log, and is written before
   * the next action may run. Never fails: the change has been made by then, and a failure here would only hide it.
   */
  readonly write: (line: AuditLine) => Effect.Effect<void>
  /** Writes what is only counted so far, for a process that ends. */
  readonly close: Effect.Effect<void>
}

/** The part of the log that is written to. */
export const file_name = "audit.ndjson"

/** The audit log of one tenant. `owner`: this process holds the folder's lock, and so it is the one that rotates. */
export const makeAudit = Effect.fnUntraced(function* (data_dir: string, { owner }: { readonly owner: boolean }) {
  const fs = yield* FileSystem.FileSystem
  const clock = yield* Clock.Clock
  const one_writer = yield* Semaphore.make(1)
  const safe_names = new Set<string>()
  const waiting: string[] = []
  const refusals = new Map<string, Refusals>()

  // An append of nothing opens, writes and syncs: it fails where a line would.
  const flush = Effect.gen(function* () {
    sumUp(monotonicMs(clock))
    const lines = waiting.length
    yield* appendDurably(data_dir, file_name, waiting.join(""), safe_names)
    waiting.splice(0, lines)
    if (owner && lines > 0) yield* rotate
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs), Semaphore.withPermits(one_writer, 1))

  /** Renames the full file to `audit.1.ndjson`, `audit.1.ndjson` to `audit.2.ndjson` and so on. The oldest is removed, and the log says so. */
  const putFullAside = Effect.gen(function* () {
    const size = yield* Effect.orElseSucceed(fs.stat(`${data_dir}/${file_name}`), () => undefined)
    if (size === undefined || size.size < BigInt(bounds.file_bytes_max)) return
    const oldest = yield* Effect.orElseSucceed(fs.exists(`${data_dir}/${putAside(bounds.files_max)}`), () => false)
    for (let n = bounds.files_max - 1; n >= 0; n--) {
      const from = `${data_dir}/${n === 0 ? file_name : putAside(n)}`
      if (yield* fs.exists(from)) yield* fs.rename(from, `${data_dir}/${putAside(n + 1)}`)
    }
    safe_names.clear()
    if (oldest) waiting.push(own(clock, "the oldest file of the audit log was removed to make room"))
  })
  // Two processes of a cluster at once would rename a new file over the full one.
  const rotate = alone(fs, file_name, putFullAside).pipe(
    Effect.catchTag("PlatformError", (error) =>
      Effect.logError(`the audit log cannot be rotated (${systemWords(error)}); it goes on growing`),
    ),
  )

  /** Whether a refusal gets a line of its own. Beyond the bound the refusals of one caller are only counted, and a line says so. */
  const admits = (who: string): boolean => {
    const now_ms = monotonicMs(clock)
    sumUp(now_ms)
    const seen = refusals.get(who) ?? { since_ms: now_ms, lines: 0, more: 0 }
    refusals.set(who, seen)
    if (seen.lines++ < bounds.refusals_max) return true
    if (seen.more++ === 0) {
      waiting.push(own(clock, `further refusals of ${who} are counted for an hour, and written as a sum`))
    }
    return false
  }

  /** With `all`, also what was counted in hours that are not over. */
  const sumUp = (now_ms: number, all = false): void => {
    for (const [who, { since_ms, more }] of refusals) {
      if (now_ms - since_ms < bounds.refusals_window_ms && !all) continue
      refusals.delete(who)
      if (more > 0) waiting.push(own(clock, `${more} further refusals of ${who} within an hour`))
    }
  }

  const write = (line: AuditLine) =>
    Effect.suspend(() => {
      if (line.outcome === "refused") {
        const more_lines = waiting.length
        if (!admits(line.who)) return waiting.length > more_lines ? flushOrLog : Effect.void
      }
      waiting.push(encode(line.outcome === "refused" ? shortened(line) : line))
      return flushOrLog
    })

  const flushOrLog = Effect.catch(flush, (error) =>
    Effect.logError(`${error.message}; ${waiting.length} audit lines wait for it, the last: ${waiting.at(-1)}`).pipe(
      // The log may be all that remains of it.
      Effect.provideService(RepeatsAs, "each"),
    ),
  )

  const close = Effect.suspend(() => {
    sumUp(monotonicMs(clock), true)
    return waiting.length === 0 ? Effect.void : flushOrLog
  })

  return { ready: flush, write, close } satisfies Audit
})

interface Refusals {
  readonly since_ms: number
  lines: number
  more: number
}

const putAside = (n: number): string => `audit.${n}.ndjson`

/** A line as JSON. Secrets are replaced in the values, before encoding: in the encoded text a secret may be split by escapes. */
const encode = (line: object): string =>
  `${JSON.stringify(line, (_, value: unknown) => (typeof value === "string" ? redact(value) : value))}\n`

/** A line with its secrets replaced. */
export const withoutSecrets = (line: AuditLine): AuditLine => JSON.parse(encode(line)) as AuditLine

/** The line of a refusal with its first ids only: nothing was done to any of them. */
const shortened = ({ ids, ...line }: AuditLine): AuditLine => ({
  ...line,
  ids: ids.slice(0, bounds.refused_ids_max),
  ...(ids.length > bounds.refused_ids_max && { detail: `${line.detail ?? "refused"} (${ids.length} ids)` }),
})

/** A line about the log itself. */
const own = (clock: Clock.Clock, detail: string): string =>
  encode({
    at: new Date(clock.currentTimeMillisUnsafe()).toISOString(),
    who: "akonis",
    action: "audit-log",
    outcome: "success",
    detail,
  })
