/** Promises about what the hot path holds in memory, how long events wait in it and when offsets are stored, broken on purpose. */
import { breaks, type Mutant, seeds } from "./mutant.ts"

const page = "docs/delivery.md"

const pool = breaks(
  { file: "src/core/delivery/lines/buffer-pool.ts", page, noticed_by: "src/core/delivery/lines/buffer-pool.test.ts" },
  [
    {
      name: "batches of any size, however much is in use",
      promise:
        "The buffers of all partitions together stay within a bound: with many busy partitions batches are smaller.",
      find: "Math.max(0, this.bytes_max - this.in_use_bytes) /",
      replace: "this.bytes_max /",
    },
    {
      name: "buffers of quiet partitions are kept",
      promise: "A partition at rest holds no buffer.",
      find: "this.in_use === 0 ? 0 : this.in_use + 1",
      replace: "100",
    },
  ],
)

const buffers = breaks(
  { file: "src/core/delivery/lines/buffers.ts", page, noticed_by: "src/core/delivery/lines/buffer-pool.test.ts" },
  [
    {
      name: "a partition that has ended counts on",
      promise: "What a partition held when it ended takes no room from the others.",
      find: "for (const buffer of this.held) this.pool.lose(buffer)",
      replace: "",
    },
    {
      name: "who comes first has the memory of all",
      promise: "A partition has its part of the memory of batches, however much the others hold.",
      page: "docs/operations.md",
      find: "this.partBytes(), ",
      replace: "",
      noticed_by: "src/core/delivery/batch-memory.test.ts",
    },
  ],
)

const sizes = breaks(
  { file: "src/core/delivery/lines/buffers.ts", noticed_by: "src/core/delivery/lines/buffer-pool.test.ts" },
  [
    {
      name: "every batch gets a buffer of its own size",
      promise: "Sizes are powers of two, so that a buffer that comes back fits the next batch.",
      find: "2 ** Math.ceil(Math.log2(Math.max(1, bytes)))",
      replace: "Math.ceil(bytes)",
    },
  ],
)

const early = breaks(
  { file: "src/core/delivery/early-posts.ts", noticed_by: "src/core/delivery/early-posts.test.ts" },
  [
    {
      name: "every event waits for its batch to fill",
      promise: "While nothing of its partition is under way, an event goes at once.",
      find: "handoff.isIdle && monotonicMs(clock) - put_ms >= pauseMs()",
      replace: "handoff.isIdle && put_ms > monotonicMs(clock)",
    },
    {
      name: "a post for every event",
      promise: "A partition posts early at most 20 times a second.",
      find: "Math.max(limits.pause_ms, shared_ms)",
      replace: "Math.max(1, shared_ms)",
    },
    {
      name: "an event behind a slow post waits for a long look",
      promise: "Once the batch before it is taken, an event waits for a pause at most.",
      find: "left_ms > 0 ? left_ms : pauseMs()",
      replace: "left_ms > 0 ? left_ms : tick_ms",
    },
    {
      name: "a thousand partitions post as if each were alone",
      promise: "All partitions of a process post early at most 200 times a second.",
      find: "Math.max(limits.pause_ms, shared_ms)",
      replace: "limits.pause_ms",
    },
  ],
)

const commits = breaks(
  { file: "src/core/delivery/commits.ts", page, noticed_by: "src/core/delivery/commits.test.ts" },
  [
    {
      name: "commits are put off for ten seconds",
      promise: "A partition whose batches end more than 100 ms apart repeats one batch after a crash.",
      find: "began_ms + limits.wait_ms_max",
      replace: "began_ms + 100 * limits.wait_ms_max",
      noticed_by: seeds,
    },
    {
      name: "any number of events shares a store",
      promise: "A store is put off for as many events as one full batch holds, at most.",
      find: "events_put_off + events > batch_events_max",
      replace: "false",
    },
    {
      name: "batches go on while a store fails",
      promise: "A store is put off only while the last one has succeeded.",
      find: "under_way > 0 || ",
      replace: "",
    },
    {
      name: "batches go on behind a store of another partition that failed",
      promise: "A store is put off only while the last one has succeeded.",
      find: "else began_ms = Number.NEGATIVE_INFINITY",
      replace: "else began_ms = monotonicMs(clock)",
    },
    {
      name: "every partition has stores of its own",
      promise: "What a partition has put off goes along with the store of another one.",
      find: "isDone() || under_way > 0 ? -1 : begin()",
      replace: "-1",
    },
    {
      name: "what was put off waits for the next batch",
      promise: "What is put off is stored when its time is over.",
      find: "      put_off.openUnsafe()\n",
      replace: "",
    },
  ],
)

const bodies = breaks(
  {
    file: "src/core/runtime/fetch.ts",
    page: "docs/decisions/0016-bodies-in-pieces.md",
    noticed_by: "test/http/fetch.test.ts",
  },
  [
    {
      name: "a body in pieces is sent without its length",
      promise: "A large body goes out in pieces, and tells its length.",
      find: ', "content-length": String(body.length) }',
      replace: " }",
    },
    {
      name: "the end of a large body is left out",
      promise: "A large body goes out whole.",
      find: "at === body.length",
      replace: "at + bodies.piece_bytes > body.length",
    },
  ],
)

export const hot_path: readonly Mutant[] = [...pool, ...buffers, ...sizes, ...early, ...commits, ...bodies]
