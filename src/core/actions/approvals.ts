/**
 * Runs that wait for a second person, in `data_dir/approvals/`: a file each, so that another process and a restart find them. Who
 * asked cannot approve, and nothing runs twice: who approves first takes the file away.
 */
import { Clock, Effect, type FileSystem } from "effect"
import { z } from "zod"
import type { StoreError } from "../errors.ts"
import { makeRecordFolder } from "../store/record-folder.ts"
import { guards as bounds } from "./limits.ts"
import { type Refusal, refuse } from "./problem.ts"

const waiting_run = z.object({
  id: z.string(),
  /** When it was asked for, and until when it may be approved: ISO 8601. */
  at: z.iso.datetime(),
  until: z.iso.datetime(),
  /** Who asked: the name of the token or `shell:<user>`, with its role; and whose idempotency keys they are. */
  who: z.string(),
  role: z.enum(["reader", "responder", "admin"]),
  owner: z.string(),
  via: z.enum(["http", "mcp", "shell", "platform"]),
  request_id: z.string(),
  idempotency_key: z.string().optional(),
  action: z.string(),
  /** Of the arguments: who asks again with the same ones gets the run that waits already. */
  hash: z.string(),
  arguments: z.record(z.string(), z.unknown()),
})

export type WaitingRun = z.output<typeof waiting_run>

/** Who approves: a name, and what tells its token from others. */
export interface Approver {
  readonly name: string
  readonly owner: string
}

export interface Approvals {
  /** Lets a run wait for approval, or finds the one that waits already: the same arguments of the same caller. */
  readonly submit: (run: Omit<WaitingRun, "id" | "at" | "until">) => Effect.Effect<WaitingRun, Refusal>
  /** What waits, the oldest first. */
  readonly list: Effect.Effect<readonly WaitingRun[]>
  /** Takes a run out, to be carried out by whoever called this. Refuses an approver who asked for it, and a run that is not there, or not any more. */
  readonly claim: (id: string, approver: Approver) => Effect.Effect<WaitingRun, Refusal>
}

/** The runs of one tenant that wait. */
export const makeApprovals = Effect.fnUntraced(function* (
  data_dir: string,
): Effect.fn.Return<Approvals, never, FileSystem.FileSystem> {
  const clock = yield* Clock.Clock
  const folder = `${data_dir}/approvals`
  const records = yield* makeRecordFolder(folder, waiting_run, bounds.approval_bytes_max)

  /** A clock that was set back makes a run older, and never younger. */
  const isOver = ({ at, until }: WaitingRun): boolean => {
    const now_ms = clock.currentTimeMillisUnsafe()
    return now_ms >= Date.parse(until) || now_ms < Date.parse(at) - bounds.recount_ms
  }

  /** One that cannot be read keeps no other one from being approved: it stays where it is, and the log names it. */
  const readOrTell = (id: string) =>
    Effect.catch(records.read(id), ({ message }) =>
      Effect.as(Effect.logError(`${message}; a run that waits for an approval is not shown`), "unreadable" as const),
    )

  const all = Effect.gen(function* () {
    const found: WaitingRun[] = []
    for (const id of yield* records.ids) {
      const run = yield* readOrTell(id)
      if (run === "unreadable") continue
      if (run === undefined)
        yield* Effect.logError(`${folder}/${id}.json holds no run: it is removed, ask for it again`)
      if (run === undefined || isOver(run)) yield* records.remove(id)
      else found.push(run)
    }
    return found.toSorted((one, other) => (one.at < other.at ? -1 : 1))
  })

  const submit = Effect.fnUntraced(function* (run: Omit<WaitingRun, "id" | "at" | "until">) {
    const waiting = yield* all
    const same = waiting.find(
      ({ owner, action, hash, idempotency_key }) =>
        owner === run.owner && action === run.action && hash === run.hash && idempotency_key === run.idempotency_key,
    )
    if (same !== undefined) return same
    if (waiting.length >= bounds.approvals_max) {
      return yield* refuse("not-ready", `${bounds.approvals_max} runs wait for an approval already; nothing was done`)
    }
    const now_ms = clock.currentTimeMillisUnsafe()
    const iso = (ms: number) => new Date(ms).toISOString()
    const made = { ...run, id: crypto.randomUUID(), at: iso(now_ms), until: iso(now_ms + bounds.approval_life_ms) }
    yield* Effect.mapError(records.write(made), notReady)
    return made
  })

  const claim = Effect.fnUntraced(function* (id: string, { name, owner }: Approver) {
    const gone = refuse("not-found", "no such run waits for an approval: it was approved, or nobody did so in time")
    const run = yield* Effect.mapError(records.read(id), notReady)
    if (run === undefined || isOver(run)) return yield* gone
    if (run.who === name || run.owner === owner) {
      return yield* refuse("not-allowed", `${run.who} asked for it, and somebody else has to approve it`)
    }
    return (yield* records.claim(id)) ? run : yield* gone
  })

  return { submit, list: all, claim }
})

const notReady = ({ message }: StoreError): Refusal => refuse("not-ready", `nothing was done: ${message}`)
