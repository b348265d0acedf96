/**
 * The audit log, `data_dir/audit.ndjson`: one line per attempt to change something, on the disk before the answer is
 * given. While the log cannot be written, nothing that changes something runs.
 */
import { Effect, FileSystem, Semaphore } from "effect"
import type { StoreError } from "../errors.ts"
import { actions as bounds } from "../limits.ts"
import { appendDurably } from "../store/atomic-file.ts"
import { redact } from "../telemetry/redact.ts"
import { RepeatsAs } from "../telemetry/repeats.ts"
import type { Counts } from "./answer.ts"

export interface AuditLine {
  /** ISO 8601. */
  readonly at: string
  /** Name of the token, or `shell:<user>`. */
  readonly who: string
  readonly role: string
  /** `http`, `mcp` or `shell`. */
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
  /** Why, unless it worked. */
  readonly detail?: string
}

export interface Audit {
  /** Fails when the log cannot be written now. */
  readonly ready: Effect.Effect<void, StoreError>
  /**
   * Writes a line. What the disk does not take now is kept, told in the process's log, and written before the next action
   * may run: by then the deed is done, so that failing here would only hide it.
   */
  readonly write: (line: AuditLine) => Effect.Effect<void>
}

const file_name = "audit.ndjson"

/** The audit log of one tenant. */
export const makeAudit = Effect.fnUntraced(function* (data_dir: string) {
  const fs = yield* FileSystem.FileSystem
  const one_writer = yield* Semaphore.make(1)
  const safe_names = new Set<string>()
  const waiting: string[] = []

  // An append of nothing opens, writes and syncs: it fails where a line would.
  const flush = Effect.gen(function* () {
    const lines = waiting.length
    yield* appendDurably(data_dir, file_name, waiting.join(""), safe_names)
    waiting.splice(0, lines)
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs), Semaphore.withPermits(one_writer, 1))

  const write = (line: AuditLine) =>
    Effect.suspend(() => {
      const text = redact(JSON.stringify(line))
      if (waiting.length < bounds.audit_waiting_max) waiting.push(`${text}\n`)
      return Effect.catch(flush, (error) =>
        Effect.logError(`${error.message}; this audit line is not on the disk yet: ${text}`).pipe(
          // The log may be all that remains of it.
          Effect.provideService(RepeatsAs, "each"),
        ),
      )
    })

  return { ready: flush, write } satisfies Audit
})
