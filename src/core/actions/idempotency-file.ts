/** The lines of `idempotency.ndjson`: `begin` and `end`, paired by their id. */
import { type JsonObject, jsonObject } from "../json-object.ts"
import type { AuditLine } from "./audit.ts"

/** One use of an idempotency key: begun, done, or in doubt. */
export interface Entry {
  /** Pairs the two lines; not the caller's key. */
  readonly id: string
  key?: string
  /** Whose key it is. */
  owner?: string
  readonly hash: string
  readonly at_ms: number
  audit?: AuditLine
  /** `doubt`: begun by a process that ended before it was done. */
  state: "running" | "done" | "doubt"
  /** The answer as JSON; absent when it was too large to store. */
  reply?: string
}

/** The line that is on the disk before an action calls Falcon. */
export const beginning = ({ id, key, owner, hash, at_ms, audit }: Entry) => ({
  t: "begin",
  id,
  key,
  owner,
  hash,
  at_ms,
  audit,
})

/** The lines of one entry, for a compacted file. */
export const linesOf = ({ id, key, owner, hash, at_ms, audit, state, reply }: Entry): string => {
  const lines: object[] = [{ t: "begin", id, key, owner, hash, at_ms, ...(state === "running" && { audit }) }]
  if (state === "done") lines.push({ t: "end", id, done: true, reply })
  if (state === "doubt") lines.push({ t: "doubt", id })
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("")
}

/** What a file holds, in the order of the beginnings, and the lines that could not be read. */
export const readEntries = (
  text: string,
): { readonly found: readonly Entry[]; readonly damaged: readonly string[] } => {
  const entries = new Map<string, Entry>()
  const damaged: string[] = []
  for (const line of text.split("\n")) {
    if (line === "") continue
    const record = jsonObject(line)
    if (record !== undefined && isLine(record)) apply(entries, record)
    else damaged.push(line)
  }
  return { found: [...entries.values()], damaged }
}

interface Line extends Partial<Omit<Entry, "state" | "id">> {
  readonly t?: unknown
  readonly id: string
  readonly done?: boolean
}

const apply = (entries: Map<string, Entry>, line: Line): void => {
  const entry = entries.get(line.id)
  if (line.t === "begin" && typeof line.hash === "string" && typeof line.at_ms === "number") {
    const { id, key, owner, hash, at_ms, audit } = line
    entries.set(id, {
      id,
      hash,
      at_ms,
      state: "running",
      ...(key !== undefined && { key }),
      ...(owner !== undefined && { owner }),
      ...(audit !== undefined && { audit }),
    })
  } else if (entry !== undefined && line.t === "doubt") entry.state = "doubt"
  else if (entry !== undefined && line.t === "end" && line.done === true) {
    entry.state = "done"
    if (line.reply !== undefined) entry.reply = line.reply
  } else if (line.t === "end") entries.delete(line.id)
}

const isLine = (value: JsonObject): value is JsonObject & Line => {
  const { t, id, key, owner, hash, at_ms, reply } = value
  if (typeof id !== "string") return false
  if (t === "doubt") return true
  if (t === "end") return reply === undefined || isReply(reply)
  const is_key = [key, owner].every((text) => text === undefined || typeof text === "string")
  return t === "begin" && is_key && typeof hash === "string" && typeof at_ms === "number"
}

const isReply = (reply: unknown): boolean => {
  const { status, body } = jsonObject(String(reply)) ?? {}
  return typeof status === "number" && typeof body === "object" && body !== null
}
