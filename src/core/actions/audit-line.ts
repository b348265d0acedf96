/** Makes the audit lines of an action: before it runs, and once its outcome is known. */
import { Clock, Effect, Exit } from "effect"
import { redact } from "../telemetry/redact.ts"
import type { AnyAction } from "./action.ts"
import type { AuditLine } from "./audit.ts"
import type { Reply } from "./idempotency.ts"
import { actions as bounds } from "./limits.ts"
import type { ProblemBody } from "./problem.ts"
import { type ActionResponse, type Asked, isFinal, type Ran } from "./response.ts"

/** The time now in ISO 8601, as audit lines carry it. */
export const isoNow = Effect.map(Clock.currentTimeMillis, (now_ms) => new Date(now_ms).toISOString())

/** The audit line of an action that is about to run; its outcome is `unknown` so far. */
export const auditLine = (
  tenant: string,
  action: AnyAction,
  args: Readonly<Record<string, unknown>>,
  asked: Asked,
): Effect.Effect<AuditLine> =>
  Effect.map(isoNow, (at) => ({
    at,
    who: asked.caller.name,
    role: asked.caller.role,
    ...(asked.approved_by !== undefined && { approved_by: asked.approved_by }),
    via: asked.via,
    tenant,
    action: action.slug,
    ...describeArguments(action, args),
    outcome: "unknown",
    trace_ids: [],
    request_id: asked.request_id,
    ...(asked.trace !== undefined && { w3c_trace_id: asked.trace.traceId }),
  }))

/** The audit line with the outcome that is known now. */
export const withOutcome = (line: AuditLine, action: AnyAction, exit: Ran, { body }: Reply, at: string): AuditLine => {
  if (Exit.isSuccess(exit)) {
    const { outcome, counts, trace_ids } = body as ActionResponse & { outcome: "success" | "partial" }
    return { ...line, at, outcome, counts, trace_ids }
  }
  const { detail, trace_ids = [] } = body as ProblemBody
  return { ...line, at, outcome: isFinal(action, exit) ? "unknown" : "failed", trace_ids, detail }
}

/** Names of arguments that hold ids or values: what an action is about, rather than what to do. */
const names_things = /^(ids?|.+_ids?|values?|names?|aids?|hosts?|indicators?|iocs?)$/

/** Splits the arguments into ids (or values) and the others, long ones cut. */
const describeArguments = (
  action: AnyAction,
  args: Readonly<Record<string, unknown>>,
): Pick<AuditLine, "ids" | "arguments"> => {
  const ids: string[] = []
  const rest: Record<string, unknown> = {}
  for (const key of Object.keys(action.arguments.shape)) {
    const value = args[key]
    if (value === undefined) continue
    const is_about = names_things.test(key)
    if (is_about || isRows(value)) ids.push(...namesIn(value))
    if (!is_about) rest[key] = shortened(value)
  }
  return { ids, arguments: rest }
}

const isRows = (value: unknown): boolean => Array.isArray(value) && value.every((row) => typeof row === "object")

const namesIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null) return []
  const row = value as { readonly type?: unknown; readonly value?: unknown; readonly id?: unknown }
  if (typeof row.value === "string") return [typeof row.type === "string" ? `${row.type}:${row.value}` : row.value]
  return typeof row.id === "string" ? [row.id] : []
}

const shortened = (value: unknown): unknown => {
  if (typeof value === "boolean" || typeof value === "number") return value
  // Before it is cut: half a secret would not be found.
  const text = redact(typeof value === "string" ? value : JSON.stringify(value))
  if (text.length > bounds.audit_chars_max) return `${text.slice(0, bounds.audit_chars_max)}…`
  return value
}
