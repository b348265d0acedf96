/** Breaks of what an operator may see, and what leaves the machine in an archive. */
import { breaks, type Mutant } from "./mutant.ts"

const noticed = "test/operate/status.test.ts"

export const operate: readonly Mutant[] = [
  ...breaks(
    {
      file: "src/core/telemetry/standard-error.ts",
      page: "docs/operations.md",
      noticed_by: "src/core/telemetry/standard-error.test.ts",
    },
    [
      {
        name: "lines that nobody reads are kept in memory",
        promise: "A log that nobody reads fills no memory.",
        find: "if (waiting_bytes + bytes > limits.waiting_bytes_max) {",
        replace: "if (bytes > limits.waiting_bytes_max) {",
      },
      {
        name: "lost lines are told by nobody",
        promise: "The log says how many of its lines were lost.",
        find: "if (told === lost || waiting_bytes > 0) return Effect.void",
        replace: "if (told <= lost) return Effect.void",
      },
    ],
  ),
  ...breaks({ file: "src/api/app.ts", page: "docs/security.md", noticed_by: noticed }, [
    {
      name: "HEAD opens a tap that nobody reads",
      promise: "A response that stays open keeps its place only while somebody reads it.",
      find: 'if (c.req.method === "HEAD") await c.res.body?.cancel()',
      replace: "",
    },
  ]),
  ...breaks({ file: "src/api/body.ts", page: "docs/security.md", noticed_by: "test/actions/slow-bodies.test.ts" }, [
    {
      name: "a body that breaks off is called a mistake of ours",
      promise: "What a caller does wrong is no error in the log.",
      find: '() => "broken" as const,',
      replace: "undefined,",
    },
  ]),
  ...breaks({ file: "src/cli/operate/tap.ts", page: "docs/operations.md", noticed_by: "test/process/pipes.test.ts" }, [
    {
      name: "a tap that nobody reads goes on",
      promise: "A tap frees its place once nobody reads it.",
      find: "yield* whileRead(remote.lines(path, show))",
      replace: "yield* remote.lines(path, show)",
    },
  ]),
  ...breaks({ file: "src/api/status/tap.ts", page: "docs/security.md", noticed_by: noticed }, [
    {
      name: "a reader taps events",
      promise: "Who has the role reader sees no event.",
      find: 'app.get("/tap", needs("responder")',
      replace: 'app.get("/tap", needs("reader")',
    },
  ]),
  ...breaks({ file: "src/api/dead-letters.ts", page: "docs/security.md", noticed_by: noticed }, [
    {
      name: "a reader looks into dead letters",
      promise: "Who has the role reader sees no content of a dead letter.",
      find: 'app.get("/dead-letters/:id", needs("responder")',
      replace: 'app.get("/dead-letters/:id", needs("reader")',
    },
  ]),
  ...breaks(
    { file: "src/cli/dead-letters.ts", page: "docs/operations.md", noticed_by: "test/operate/dead-letters.test.ts" },
    [
      {
        name: "a purge of all asks nobody",
        promise: "Events that were never delivered are removed only once somebody has confirmed it.",
        find: "if (flags.all && !flags.yes && lost > 0) yield* confirmLoss(lost)",
        replace: "",
      },
      {
        name: "a purge from the shell leaves no line in the audit log",
        promise: "Whoever removes dead letters is in the audit log.",
        find: "yield* auditPurge(audited, byShell(), which, outcome)",
        replace: "",
      },
    ],
  ),
  ...breaks({ file: "src/api/status/look.ts", page: "docs/delivery.md", noticed_by: "test/actions/metrics.test.ts" }, [
    {
      name: "dead letters that cannot be read count as none",
      promise: "What cannot be read is not nothing.",
      find: "pending: (yield* lettersNow)?.pending,",
      replace: "pending: (yield* lettersNow)?.pending ?? 0,",
    },
  ]),
  ...breaks({ file: "src/api/status/shared-look.ts", noticed_by: "test/actions/metrics.test.ts" }, [
    {
      name: "every tenant goes through what is measured of all",
      promise: "What is measured is taken once and then parted.",
      find: "Effect.forEach(looks, ({ id, whole }) => whole(",
      replace: "Effect.forEach(looks, ({ id, whole }) => (Effect.runSync(Metric.snapshot), whole)(",
    },
  ]),
  ...breaks({ file: "src/core/delivery/tap.ts", noticed_by: noticed }, [
    {
      name: "a redacted tap shows texts",
      promise: "Redacted, an event has its keys and none of its values.",
      find: "return `<text of ${value.length}>`",
      replace: "return value",
    },
  ]),
  ...breaks(
    { file: "src/core/delivery/lines/event-types.ts", noticed_by: "src/core/delivery/lines/event-types.test.ts" },
    [
      {
        name: "made-up event types fill a metric",
        promise: "Types have names of their own up to a bound.",
        find: "this.not_routed.length >= limits.types_max",
        replace: "this.not_routed.length >= 1e9",
      },
    ],
  ),
  ...breaks({ file: "src/api/python-metrics.ts", noticed_by: "src/api/python-metrics.test.ts" }, [
    {
      name: "the last partition stands for all of them",
      promise: "What the labels of the other metric do not tell apart is summed up.",
      find: "(sums.get(key) ?? 0) + line.value",
      replace: "line.value",
    },
  ]),
  ...breaks({ file: "src/core/telemetry/board.ts", noticed_by: noticed }, [
    {
      name: "the lag stands still in an outage",
      promise: "While a batch waits for the destination, its lag grows.",
      find: "this.posting_created_ms < 0 ? this.delivered_lag_ms",
      replace: "this.posting_created_ms < 1e15 ? this.delivered_lag_ms",
    },
  ]),
  ...breaks({ file: "src/cli/operate/support.ts", noticed_by: "test/operate/commands.test.ts" }, [
    {
      name: "the archive quotes servers in its log",
      promise: "The archive holds nothing that a server said.",
      find: 'logs.split("\\n").map(ownWords).join("\\n")',
      replace: "logs",
    },
    {
      name: "the archive quotes servers in its health",
      promise: "The archive holds nothing that a server said.",
      find: "json(inOwnWords(health))",
      replace: "json(health)",
    },
  ]),
  ...breaks({ file: "src/core/delivery/dead-letter-files.ts", noticed_by: "test/actions/dead-letters-large.test.ts" }, [
    {
      name: "a shell and the server replay the same letters at once",
      promise: "Dead letters are replayed and purged by one at a time.",
      find: "if (yield* hold(yield* FileSystem.FileSystem, path)) return yield* work",
      replace: "if (path !== undefined) return yield* work",
    },
    {
      name: "gigabytes of dead letters are read by the process that delivers",
      promise: "Dead letters beyond a size are left to a shell.",
      page: "docs/security.md",
      find: "if (bytes <= limits.letters_bytes_max) return",
      replace: "if (bytes <= 2 * limits.letters_bytes_max) return",
    },
  ]),
  ...breaks(
    { file: "src/core/delivery/dead-letter-files.ts", noticed_by: "src/core/delivery/dead-letter-replay.test.ts" },
    [
      {
        name: "a replay goes on although it remembers nothing",
        promise: "What is delivered and cannot be remembered ends a replay, which says so.",
        find: "if (Result.isFailure(kept)) unwritten = kept.failure.message",
        replace: "if (Result.isFailure(kept)) unwritten = undefined",
      },
    ],
  ),
]
