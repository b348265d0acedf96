/** The audit log of the edge: a function that is handed in gets the lines. */
import { Effect } from "effect"
import { type Audit, type AuditLine, withoutSecrets } from "../core/actions/audit.ts"
import { StoreError } from "../core/errors.ts"
import { RepeatsAs } from "../core/telemetry/repeats.ts"

/** Takes a line; a rejection means that it is not written. */
export type TakeLine = (line: AuditLine) => void | Promise<void>

export interface EdgeAudit extends Audit {
  /** Writes a line now, or fails. */
  readonly writeNow: (line: AuditLine) => Effect.Effect<void, StoreError>
}

/** `waiting` holds what could not be written; it outlives the request. While anything waits, nothing that changes something runs. */
export const makeEdgeAudit = (take: TakeLine, waiting: AuditLine[]): EdgeAudit => {
  const writeNow = (line: AuditLine) =>
    Effect.tryPromise({ try: async () => take(withoutSecrets(line)), catch: unwritable })
  const ready = Effect.suspend(() => {
    const lines = waiting.splice(0)
    const takeBack = Effect.sync(() => void waiting.unshift(...lines))
    const one = (line: AuditLine) => Effect.tap(writeNow(line), () => Effect.sync(() => void lines.shift()))
    return Effect.forEach([...lines], one, { discard: true }).pipe(Effect.onError(() => takeBack))
  })
  const write = (line: AuditLine) =>
    Effect.catch(writeNow(line), (error) => {
      waiting.push(line)
      // The log may be all that remains of it.
      return Effect.logError(`${error.message}: ${JSON.stringify(withoutSecrets(line))}`).pipe(
        Effect.provideService(RepeatsAs, "each"),
      )
    })
  return { ready, writeNow, write, close: Effect.ignore(ready) }
}

const unwritable = (error: unknown): StoreError =>
  new StoreError({
    reason: "unwritable",
    path: "audit",
    message: `the audit log takes no line: ${error instanceof Error ? error.message : String(error)}`,
  })
