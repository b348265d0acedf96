/** Promises about the data folder and its lock, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/operations.md"
const one_process = "A second process on a data folder is refused."

const lock = breaks({ file: "src/core/store/lock.ts", page, noticed_by: "src/core/store/lock.test.ts" }, [
  {
    name: "opening the lock file lets go of it",
    promise: "The lock does not depend on a file that somebody in this process may open.",
    find: "if (yield* isAnswered(path)) return yield* taken(folder, part)",
    replace: 'if (path === (yield* Effect.succeed(""))) return yield* taken(folder, part)',
  },
  {
    name: "a lock that is read-only is taken",
    promise: "lock must belong to the user that runs Akonis, with mode 0600.",
    find: "if ((mode & 0o200) === 0) throw",
    replace: "if ((mode & 0o200) === 1) throw",
  },
  {
    name: "a lock of another user is taken",
    promise: "lock must belong to the user that runs Akonis, with mode 0600.",
    find: 'if (by === "owner" && uid !== me) throw',
    replace: "if (uid === -1) throw",
  },
  {
    name: "everybody may open the lock",
    promise: "All files of the data folder are readable by their owner alone.",
    find: "if ((mode & 0o077) !== 0 && uid === me) chmodSync(path, 0o600)",
    replace: "if ((mode & 0o077) !== 0) chmodSync(path, mode)",
  },
  {
    name: "a folder that is replaced goes unnoticed",
    promise: "A data folder that is deleted and made again while running is noticed.",
    find: 'return is_ours ? "held" : "replaced"',
    replace: 'return is_ours ? "held" : "held"',
  },
  {
    name: "two locks at once",
    promise: one_process,
    find: "BEGIN EXCLUSIVE",
    replace: "BEGIN",
  },
])

const watch = breaks({ file: "src/core/store/watch-folder.ts", page, noticed_by: "src/core/store/lock.test.ts" }, [
  {
    name: "a folder that is gone leaves health as it was",
    promise: "Health is failed while the data folder is gone.",
    find: '      yield* tell("failed", detail)\n',
    replace: "",
  },
  {
    name: "a folder in its place is used without a lock",
    promise: "A folder that was made again is locked anew before it is used.",
    find: "held = yield* lockFolder(folder, parts)",
    replace: "held = lock",
  },
])

const regular = breaks(
  { file: "src/core/store/regular-file.ts", page, noticed_by: "src/core/store/regular-file.test.ts" },
  [
    {
      name: "pipes and devices are read",
      promise: "What a person names has to be a regular file: pipes and devices are refused.",
      find: 'if (info.type !== "File")',
      replace: 'if (info.type === "Unknown")',
    },
    {
      name: "a file is as large as it likes",
      promise: "A file that a person names is read up to its bound.",
      find: "if (bytes > bytes_max) return yield* Effect.fail(tooLarge(bytes_max))",
      replace: "if (bytes < 0) return yield* Effect.fail(tooLarge(bytes_max))",
    },
  ],
)

const atomic_file = breaks(
  { file: "src/core/store/atomic-file.ts", page, noticed_by: "src/core/store/store.test.ts" },
  [
    {
      name: "files can be read by everybody",
      promise: "All files of the data folder are readable by their owner alone.",
      find: 'fs.open(draft, { flag: "w", mode: 0o600 })',
      replace: 'fs.open(draft, { flag: "w", mode: 0o644 })',
    },
    {
      name: "appended files can be read by everybody",
      promise: "All files of the data folder are readable by their owner alone.",
      find: 'fs.open(path, { flag: "a+", mode: 0o600 })',
      replace: 'fs.open(path, { flag: "a+", mode: 0o644 })',
    },
  ],
)

const worker = breaks({ file: "src/worker.ts", page, noticed_by: "src/worker.test.ts" }, [
  {
    name: "a file of one plugin ends the work of all",
    promise: "A file that cannot be used stops the plugin that needs it, and no other.",
    find: 'yield* run.pipe(Effect.catchTag("StoreError", (error) => Effect.succeed(error)))',
    replace: 'yield* run.pipe(Effect.catchTag("ConfigError", (error) => Effect.succeed(error)), Effect.orDie)',
  },
  {
    name: "an enricher that is mended takes no part",
    promise: "An enricher whose file is mended takes part again.",
    find: "if (Result.isSuccess(yield* Effect.result(Effect.scoped(enrichersOf([enabled]))))) return",
    replace: "if (Result.isSuccess(yield* Effect.result(Effect.scoped(enrichersOf([enabled]))))) continue",
  },
])

const offsets = breaks({ file: "src/core/store/offsets.ts", page, noticed_by: "src/core/store/store.test.ts" }, [
  {
    name: "a stored offset goes back",
    promise: "A stored offset never decreases.",
    page: "docs/delivery.md",
    find: "if (offset <= (offsets.get(root_url) ?? -1)) return",
    replace: "if (offset === (offsets.get(root_url) ?? -1)) return",
  },
  {
    name: "a damaged cache.json counts as empty",
    promise: "No stream is read on a damaged cache.json.",
    find: "const text = yield* readIfPresent(path)\n  if (text === undefined) return",
    replace: 'const text = yield* readIfPresent(path)\n  if (text === undefined || !text.endsWith("}")) return',
  },
  {
    name: "a negative offset is taken",
    promise: "No stream is read on a damaged cache.json.",
    find: "|| (offset as number) < 0",
    replace: "",
  },
])

const checkpoints = breaks(
  { file: "src/core/store/checkpoints.ts", page, noticed_by: "src/core/store/store.test.ts" },
  [
    {
      name: "keys that nobody here knows are dropped",
      promise: "Keys of context.json that nobody here knows are kept.",
      find: "const next = { ...before, ...changes }",
      replace: "const next = { ...changes }",
    },
    {
      name: "a damaged context.json counts as empty",
      promise:
        "A context.json that cannot be used makes only its plugin stand still: it is never taken for an empty one.",
      find: "jsonObject(text) ?? (yield* damaged(path))",
      replace: "jsonObject(text) ?? {}",
    },
  ],
)

const ndjson = breaks(
  { file: "src/core/delivery/ndjson.ts", noticed_by: "src/core/delivery/ndjson.test.ts", page: "docs/operations.md" },
  [
    {
      name: "a file that somebody rotates is taken for the one before",
      promise: "A file of events that somebody else moves away is begun anew, and holds whole lines only.",
      find: "is_dirty && good_bytes !== undefined && good_bytes < size ? good_bytes",
      replace: "good_bytes !== undefined ? Math.min(good_bytes, size)",
    },
  ],
)

const slow_disk = [
  ...breaks({ file: "src/core/store/files.ts", noticed_by: "src/core/store/store.test.ts", page: "docs/delivery.md" }, [
    {
      name: "a slow disk stops the process",
      promise: "A disk that is slow holds up what has to be stored on it and nothing else.",
      find: "sync: synced(path, descriptor),",
      replace: 'sync: call("sync", path, () => process.getBuiltinModule("node:fs").fsyncSync(descriptor)),',
    },
  ]),
  ...breaks({ file: "src/core/store/files.ts", noticed_by: "src/core/delivery/ndjson.test.ts", page }, [
    {
      name: "half a line that a crash left behind is not cut off on a real disk",
      promise: "A file of events goes on after a crash that cut its last line short.",
      find: "ftruncateSync(descriptor, Number(bytes))",
      replace: "Number(bytes)",
    },
  ]),
  ...breaks({ file: "src/core/delivery/record.ts", noticed_by: "src/core/delivery/record.test.ts", page }, [
    {
      name: "nobody is told of a disk that does not answer",
      promise: "Health says that the disk does not answer.",
      find: 'yield* health.set("degraded", detail)',
      replace: "",
    },
  ]),
  ...breaks({ file: "src/run-main.ts", noticed_by: "src/run-main.test.ts", page }, [
    {
      name: "a stop waits for ever",
      promise: "A process that was told to stop ends, whatever the disk does.",
      find: "}, server.stop_ms_max).unref()",
      replace: "}, 1e9).unref()",
    },
  ]),
]

export const store: readonly Mutant[] = [
  ...slow_disk,
  ...ndjson,
  ...lock,
  ...watch,
  ...regular,
  ...atomic_file,
  ...worker,
  ...offsets,
  ...checkpoints,
]
