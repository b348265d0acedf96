/**
 * The product broken on purpose, one promise at a time: patches of the source, applied while a child process loads it.
 * What the simulation does not notice here it would not notice anywhere.
 */

import { asset_mutants } from "./mutants-assets.ts"
import { enrichment_mutants } from "./mutants-enrichment.ts"
import { refusal_mutants } from "./mutants-refusals.ts"

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Must occur in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const core = "src/core"
const streams = "src/plugins/event-stream"

export const mutants: readonly Mutant[] = [
  {
    name: "commit before the intake has acknowledged",
    file: `${streams}/partition.ts`,
    find: `    yield* sink.deliver(batch)
    yield* follow_ups.begin(batch.followed, range)
    const offset = window.release(range)
    if (offset >= 0) yield* commit(offset)`,
    replace: `    const offset = window.release(range)
    if (offset >= 0) yield* commit(offset)
    yield* sink.deliver(batch)`,
  },
  {
    name: "drop a batch on 500",
    file: `${core}/sekoia/intake.ts`,
    find: "if (acknowledged !== undefined) return acknowledged",
    replace: "if (acknowledged !== undefined || answer.status === 500) return events",
  },
  {
    name: "resume one after the last offset",
    file: `${streams}/connection.ts`,
    find: "resume_offset}`)",
    replace: "resume_offset + 1}`)",
  },
  {
    name: "forward what Falcon repeats",
    file: `${core}/delivery/recent-offsets.ts`,
    find: "if (offset > this.highest) return false",
    replace: "if (offset > this.highest || offset > 0) return false",
  },
  {
    name: "take every late event for a repeat",
    file: `${core}/delivery/recent-offsets.ts`,
    find: "if (offset <= this.floor || this.ring.includes(offset)) return true",
    replace: "if (offset <= this.highest) return true",
  },
  {
    name: "forget the refresh",
    file: `${streams}/session.ts`,
    find: "interval_ms - Math.min(300_000, interval_ms / 6)",
    replace: "interval_ms * 10",
  },
  {
    name: "queue without a bound",
    file: `${core}/delivery/handoff.ts`,
    find: "this.waiting.length < this.batches_waiting_max ||",
    replace: "this.waiting.length < 1_000_000 ||",
  },
  {
    name: "dead letters after the commit",
    file: `${core}/delivery/sink.ts`,
    find: "    yield* record(batch.rejects)\n",
    replace: "    yield* Effect.forkDetach(Effect.delay(record(batch.rejects), 5))\n",
  },
  {
    name: "cache.json is written in place",
    file: `${core}/store/atomic-file.ts`,
    find: "}.new`",
    replace: "}`",
  },
  {
    name: "no fsync before the rename",
    file: `${core}/store/atomic-file.ts`,
    find: "        yield* checked(file.sync)",
    replace: "",
  },
  {
    name: "no fsync of dead letters",
    file: `${core}/store/atomic-file.ts`,
    find: `        yield* file.writeAll(new TextEncoder().encode(opening + text))
        yield* file.sync`,
    replace: "        yield* file.writeAll(new TextEncoder().encode(opening + text))",
  },
  {
    name: "no fsync of the folder after a rename",
    file: `${core}/store/atomic-file.ts`,
    find: "    yield* checked(Effect.andThen(fs.rename(draft, path), syncFolder(folder)))",
    replace: "    yield* checked(fs.rename(draft, path))",
  },
  {
    name: "a line that a crash cut short is written on",
    file: `${core}/store/atomic-file.ts`,
    find: 'last[0] !== 0x0a ? "\\n" : ""',
    replace: 'last[0] !== 0x0a ? "" : ""',
  },
  {
    name: "a new token for every call",
    file: `${core}/falcon/auth.ts`,
    find: `  const bearer = Effect.gen(function* () {
    const now_ms = yield* Clock.currentTimeMillis`,
    replace: `  const bearer = Effect.gen(function* () {
    held = undefined
    const now_ms = yield* Clock.currentTimeMillis`,
  },
  {
    name: "no new token after 401",
    file: `${core}/falcon/client.ts`,
    find: "const renewed = yield* auth.renew(token)",
    replace: "const renewed = yield* auth.bearer",
  },
  {
    name: "no backoff",
    file: `${core}/http/backoff.ts`,
    find: "return Math.round(full_ms / 2 + (full_ms / 2) * drawn)",
    replace: "return Math.round(full_ms * 0 + 10 * drawn)",
  },
  {
    name: "ignore what a 429 says",
    file: `${core}/http/retry-after.ts`,
    find: "if (valid.length === 0) return undefined",
    replace: "if (valid.length >= 0) return undefined",
  },
  {
    name: "a server that asks for no wait gets none",
    file: `${core}/http/backoff.ts`,
    find: "return Math.min(Math.max(backoff_ms, least_ms, asked), retry.retry_after_ms_max)",
    replace: "return asked_ms ?? Math.max(backoff_ms, least_ms, asked)",
  },
  {
    name: "times are read by our own clock",
    file: `${core}/http/retry-after.ts`,
    find: 'httpDateMs(headers.get("date")) ?? now_ms',
    replace: "now_ms",
  },
  {
    name: "ignore a 429 altogether",
    file: `${core}/falcon/rate-limit.ts`,
    find: "if (answer.status !== 429) return undefined",
    replace: "if (answer.status !== 430) return undefined",
  },
  {
    name: "no watch over a silent feed",
    file: `${streams}/connection.ts`,
    find: "if (silent_ms >= stream.read_idle_ms_max) return",
    replace: "if (silent_ms >= 1_000 * stream.read_idle_ms_max) return",
  },
  {
    name: "a line cut by a lost connection is kept",
    file: `${core}/delivery/batch-builder.ts`,
    find: "if (!this.carry.is_whole) this.carry.clear()",
    replace: "this.carry.is_whole = this.carry.is_whole && true",
  },
  {
    name: "a batch that waits is dropped when the session ends",
    file: `${core}/delivery/batch-builder.ts`,
    find: "if (!this.carry.is_whole) this.carry.clear()",
    replace: "if (!this.carry.is_whole) this.carry.clear()\n    if (this.ends.length > 0) this.take()",
  },
  {
    name: "two posts of a partition at once",
    file: `${core}/delivery/handoff.ts`,
    find: "          yield* send(batch)\n",
    replace: "          yield* Effect.forkDetach(send(batch))\n",
  },
  {
    name: "stored offsets are forgotten at the start",
    file: `${core}/store/offsets.ts`,
    find: "  const one_writer = ",
    replace: "  offsets.clear()\n  const one_writer = ",
  },
  {
    name: "no lock on the data folder",
    file: `${core}/boot.ts`,
    find: "  return yield* lockFolder(data_dir)\n",
    replace: '  return { state: () => "held" as const }\n',
  },
  {
    name: "a held app id is never left",
    file: `${streams}/discovery.ts`,
    find: "tried[Math.floor(empty / 2) % tried.length]!",
    replace: "tried[Math.floor(empty / 2) * 0]!",
  },
  {
    name: "a partition that is gone is never looked for again",
    file: `${streams}/plugin.ts`,
    find: "yield* startAll(yield* idle ? discovery.list : discovery.peek)",
    replace: "yield* idle ? discovery.list : discovery.peek",
  },
  {
    name: "what a connection begins with is a feed, whatever it is",
    file: `${core}/delivery/batch-builder.ts`,
    find: "    this.strange.begin(this.recent.highest)\n",
    replace: "",
  },
  {
    name: "an error object is an event",
    file: `${core}/delivery/batch-builder.ts`,
    find: "if (errors === undefined && this.strange.is_proven) return false",
    replace: "if (errors !== null) return false",
  },
  {
    name: "a strange line is recorded at every connection",
    file: `${core}/delivery/strange-lines.ts`,
    find: "if (this.seen.has(key)) return []",
    replace: 'if (this.seen.has("")) return []',
  },
  {
    name: "an offset as text is none",
    file: `${core}/delivery/scan.ts`,
    find: "if (key === OFFSET) this.offset = kind === NESTED ? -1",
    replace: "if (key === OFFSET) this.offset = kind !== TOKEN ? -1",
  },
  {
    name: "a whole event at the end of a body is dropped",
    file: `${core}/delivery/batch-builder.ts`,
    find: "if (carry.bytes === 0 || carry.bytes > carry.kept) return true",
    replace: "if (carry.bytes >= 0) return true",
  },
  {
    name: "partitions never move to another app id",
    file: `${streams}/discovery.ts`,
    find: "if (ids.list().length - busy().size >= app_ids.free_min) return",
    replace: "if (ids.list().length - busy().size >= -app_ids.free_min) return",
  },
  {
    name: "numbers are parsed and written again",
    file: `${core}/sekoia/intake.ts`,
    find: "      body,\n      timeout_ms",
    replace: `      body: new TextEncoder().encode(
        JSON.stringify({
          ...JSON.parse(new TextDecoder().decode(body)),
          jsons: JSON.parse(new TextDecoder().decode(body)).jsons.map((text: string) => JSON.stringify(JSON.parse(text))),
        }),
      ),
      timeout_ms`,
  },
  {
    name: "waits follow the wall clock",
    file: `${core}/monotonic.ts`,
    find: "Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000",
    replace: "clock.currentTimeMillisUnsafe()",
  },
  ...refusal_mutants,
  ...enrichment_mutants,
  ...asset_mutants,
]
