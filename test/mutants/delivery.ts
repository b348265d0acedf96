/** Promises about the delivery of events, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/delivery.md"
const nothing_lost = "An offset is stored only after every event up to it was accepted or written to the dead letters."
const a_feed = "An error or a page in the place of a feed is neither delivered nor recorded as an event."
const synced = "What a stored offset relies on is synced to disk before."
const manners = "Falcon is not asked again before the time that it named, or without a pause."

const deliverer = breaks({ file: "src/core/delivery/deliverer.ts", page }, [
  {
    name: "dead letters after the commit",
    promise: nothing_lost,
    find: "    yield* record(batch.rejects)\n",
    replace: "    yield* Effect.forkDetach(Effect.delay(record(batch.rejects), 5))\n",
  },
  {
    name: "a post that hangs is told once it has failed twice",
    promise: "A post that has had no answer for ten seconds degrades health while it still waits.",
    page: "docs/operations.md",
    find: "      unanswered.add(elapsedMs)\n",
    replace: "",
    noticed_by: "test/delivery/pipeline.test.ts",
  },
])

const partition = breaks({ file: "src/plugins/event-stream/pipeline.ts", page }, [
  {
    name: "commit before the intake has acknowledged",
    promise: nothing_lost,
    find: `    yield* deliverer.deliver(batch)
    yield* enrichment.begin(batch.source_events, range)
    const offset = window.release(range)`,
    replace: `    const offset = window.release(range)
    if (offset >= 0) yield* commits.now(offset)
    yield* deliverer.deliver(batch)`,
  },
])

const intake = breaks({ file: "src/core/sekoia/intake.ts", page }, [
  {
    name: "drop a batch on 500",
    promise: nothing_lost,
    find: "if (acknowledged !== undefined) return acknowledged",
    replace: "if (acknowledged !== undefined || answer.status === 500) return events",
  },
  {
    name: "numbers are parsed and written again",
    promise: "The text forwarded is the text received; it is never parsed and written again.",
    find: "      body,\n      timeout_ms",
    replace: `      body: new TextEncoder().encode(
        JSON.stringify({
          ...JSON.parse(new TextDecoder().decode(body)),
          jsons: JSON.parse(new TextDecoder().decode(body)).jsons.map((text: string) => JSON.stringify(JSON.parse(text))),
        }),
      ),
      timeout_ms`,
  },
])

const connection = breaks({ file: "src/plugins/event-stream/connection.ts", page }, [
  {
    name: "resume one after the last offset",
    promise: "Resuming asks for the last offset that was read, right whether Falcon counts it in or not.",
    page: "docs/architecture.md",
    find: "resume_offset}`)",
    replace: "resume_offset + 1}`)",
  },
  {
    name: "no watch over a silent feed",
    promise: "A feed that gives no byte for too long is opened again.",
    page: "docs/operations.md",
    find: "if (silent_ms >= stream.read_idle_ms_max) return",
    replace: "if (silent_ms >= 1_000 * stream.read_idle_ms_max) return",
  },
])

const recent_offsets = breaks({ file: "src/core/delivery/lines/recent-offsets.ts", page }, [
  {
    name: "forward what Falcon repeats",
    promise: "While the process lives, an event that Falcon repeats is dropped.",
    find: "if (offset > this.highest) return false",
    replace: "if (offset > this.highest || offset > 0) return false",
  },
  {
    name: "take every late event for a repeat",
    promise: "An event that Falcon sends after one with a higher offset is delivered.",
    find: "if (offset <= this.floor || this.ring.includes(offset)) return true",
    replace: "if (offset <= this.highest) return true",
  },
])

const session = breaks({ file: "src/plugins/event-stream/session.ts", page }, [
  {
    name: "forget the refresh",
    promise: "A session is refreshed before it ends, whatever the traffic.",
    find: "interval_ms - Math.min(300_000, interval_ms / 6)",
    replace: "interval_ms * 10",
  },
])

const handoff = breaks({ file: "src/core/delivery/handoff.ts", page }, [
  {
    name: "queue without a bound",
    promise: "One batch waits behind the one being posted, one fills, then nobody reads.",
    find: "this.waiting.length < this.batches_waiting_max ||",
    replace: "this.waiting.length < 1_000_000 ||",
  },
  {
    name: "two posts of a partition at once",
    promise: "One post per partition is in flight.",
    find: "          yield* send(batch)\n",
    replace: "          yield* Effect.forkDetach(send(batch))\n",
  },
])

const offsets_file = breaks({ file: "src/core/store/offsets.ts", page, noticed_by: "src/core/store/store.test.ts" }, [
  {
    name: "a store begins as soon as the last one has ended",
    promise: "Stores of offsets take a fifth of the time at most.",
    find: "Effect.andThen(pause.over, store)",
    replace: "store",
  },
])

const atomic_file = breaks({ file: "src/core/store/atomic-file.ts", page }, [
  {
    name: "cache.json is written in place",
    promise: "A file is replaced whole: after a crash the old text or the new one is there.",
    find: "}.new`",
    replace: "}`",
  },
  { name: "no fsync before the rename", promise: synced, find: "        yield* checked(file.sync)", replace: "" },
  {
    name: "no fsync of dead letters",
    promise: synced,
    find: `        yield* file.writeAll(new TextEncoder().encode(opening + text))
        yield* file.sync`,
    replace: "        yield* file.writeAll(new TextEncoder().encode(opening + text))",
  },
  {
    name: "no fsync of the folder after a rename",
    promise: synced,
    find: "    yield* checked(Effect.andThen(fs.rename(draft, path), syncFolder(folder)))",
    replace: "    yield* checked(fs.rename(draft, path))",
  },
  {
    name: "a line that a crash cut short is written on",
    noticed_by: "src/core/store/store.test.ts",
    promise: "What is appended after a crash begins on a line of its own.",
    find: 'last[0] !== 0x0a ? " \\n" : ""',
    replace: 'last[0] !== 0x0a ? "" : ""',
  },
])

const auth = breaks({ file: "src/core/falcon/auth.ts", page }, [
  {
    name: "a new token for every call",
    promise: "No token is requested while another is good.",
    find: `  const bearer = Effect.gen(function* () {
    const now_ms = yield* Clock.currentTimeMillis`,
    replace: `  const bearer = Effect.gen(function* () {
    held = undefined
    const now_ms = yield* Clock.currentTimeMillis`,
  },
])

const client = breaks({ file: "src/core/falcon/client.ts", page }, [
  {
    name: "no new token after 401",
    promise: "A 401 gets one new token and one more try.",
    find: "const renewed = yield* auth.renew(token)",
    replace: "const renewed = yield* auth.bearer",
  },
])

const backoff = breaks({ file: "src/core/http/client/backoff.ts", page }, [
  {
    name: "no backoff",
    promise: manners,
    find: "return Math.round(full_ms / 2 + (full_ms / 2) * drawn)",
    replace: "return Math.round(full_ms * 0 + 10 * drawn)",
  },
  {
    name: "a server that asks for no wait gets none",
    promise: "An answer can lengthen our wait and never shorten it.",
    find: "return Math.min(Math.max(backoff_ms, least_ms, asked), retry.retry_after_ms_max)",
    replace: "return asked_ms ?? Math.max(backoff_ms, least_ms, asked)",
  },
])

const retry_after = breaks({ file: "src/core/http/client/retry-after.ts", page }, [
  {
    name: "ignore what a 429 says",
    promise: manners,
    find: "if (valid.length === 0) return undefined",
    replace: "if (valid.length >= 0) return undefined",
  },
  {
    name: "times are read by our own clock",
    promise: "A point in time is compared with the answer's own date, so that a wrong clock of ours does not matter.",
    find: 'httpDateMs(headers.get("date")) ?? now_ms',
    replace: "now_ms",
    noticed_by: "test/http/waiting.test.ts",
  },
])

const rate_limit = breaks({ file: "src/core/falcon/rate-limit.ts", page }, [
  {
    name: "ignore a 429 altogether",
    promise: manners,
    find: "if (answer.status !== 429) return",
    replace: "if (answer.status !== 430) return",
  },
])

const batch_builder = breaks({ file: "src/core/delivery/lines/batch-builder.ts", page }, [
  {
    name: "a line cut by a lost connection is kept",
    promise: "The text forwarded is the text received.",
    find: "if (!this.partial.is_whole) this.partial.clear()",
    replace: "this.partial.is_whole = this.partial.is_whole && true",
  },
  {
    name: "a batch that waits is dropped when the session ends",
    promise: "What ends a session ends only the reading.",
    find: "if (!this.partial.is_whole) this.partial.clear()",
    replace: "if (!this.partial.is_whole) this.partial.clear()\n    if (this.ends.length > 0) this.take()",
  },
  {
    name: "what a connection begins with is a feed, whatever it is",
    promise: a_feed,
    find: "    this.strange.begin(this.recent.highest)\n",
    replace: "",
  },
  {
    name: "an error object is an event",
    promise: a_feed,
    find: "if (errors === undefined && this.strange.is_proven) return false",
    replace: "if (errors !== null) return false",
  },
  {
    name: "a whole event at the end of a body is dropped",
    promise: nothing_lost,
    find: "if (partial.bytes === 0 || partial.bytes > partial.kept) return true",
    replace: "if (partial.bytes >= 0) return true",
    noticed_by: "test/delivery/feeds.test.ts",
  },
])

const strange_lines = breaks({ file: "src/core/delivery/lines/strange-lines.ts", page }, [
  {
    name: "a strange line is recorded at every connection",
    promise: "A line that is no event is recorded once while the process lives.",
    find: "if (this.seen.has(key)) return []",
    replace: 'if (this.seen.has("")) return []',
  },
])

const scan = breaks({ file: "src/core/delivery/lines/line-scanner.ts", page }, [
  {
    name: "an offset as text is none",
    promise: "The offset of an event is read in every form that Falcon may give it.",
    find: "if (key === OFFSET) this.offset = kind === NESTED ? -1",
    replace: "if (key === OFFSET) this.offset = kind !== TOKEN ? -1",
  },
])

const offsets = breaks({ file: "src/core/store/offsets.ts", page }, [
  {
    name: "stored offsets are forgotten at the start",
    promise: "After a restart reading goes on at the stored offset.",
    find: "  const one_writer = ",
    replace: "  offsets.clear()\n  const one_writer = ",
  },
])

const boot = breaks({ file: "src/core/tenant/boot.ts", page }, [
  {
    name: "no lock on the data folder",
    promise: "A second process on a data folder is refused.",
    find: "  return yield* lockFolder(data_dir, parts)\n",
    replace: '  return { state: () => "held" as const }\n',
  },
])

const discovery = breaks({ file: "src/plugins/event-stream/discovery.ts", page }, [
  {
    name: "a held app id is never left",
    promise: "An app id that an earlier session holds is left for another one.",
    page: "docs/operations.md",
    find: "tried[Math.floor(empty / 2) % tried.length]!",
    replace: "tried[Math.floor(empty / 2) * 0]!",
  },
  {
    name: "partitions never move to another app id",
    promise: "Partitions move to one app id again, so that others get free.",
    find: "if (ids.list().length - busy().size >= app_ids.free_min) return",
    replace: "if (ids.list().length - busy().size >= -app_ids.free_min) return",
  },
])

const plugin = breaks({ file: "src/plugins/event-stream/plugin.ts", page }, [
  {
    name: "a partition that is gone is never looked for again",
    promise: "Events go on within minutes after the last fault.",
    find: "yield* startAll(listed)",
    replace: "",
  },
  {
    name: "offsets of other streams are a silent replay",
    promise: "A cache.json of which Falcon lists no stream is told in health and in the log.",
    find: "yield* warn(first)",
    replace: "",
    noticed_by: "test/delivery/takeover.test.ts",
  },
])

const monotonic = breaks({ file: "src/core/monotonic.ts", page }, [
  {
    name: "waits follow the wall clock",
    promise: "A wall clock that jumps changes no wait.",
    find: "Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000",
    replace: "clock.currentTimeMillisUnsafe()",
  },
])

export const delivery: readonly Mutant[] = [
  ...deliverer,
  ...partition,
  ...intake,
  ...connection,
  ...recent_offsets,
  ...session,
  ...handoff,
  ...offsets_file,
  ...atomic_file,
  ...auth,
  ...client,
  ...backoff,
  ...retry_after,
  ...rate_limit,
  ...batch_builder,
  ...strange_lines,
  ...scan,
  ...offsets,
  ...boot,
  ...discovery,
  ...plugin,
  ...monotonic,
]
