import * as z from "zod"
import { api_options } from "./api/options.ts"
import { fault_schema } from "./faults.ts"

const count = z.int().nonnegative()
const milliseconds = z.number().nonnegative()

/** What an intact client must survive, one event at a time. */
const poison_kinds = [
  /** The braces do not balance. */
  "malformed",
  /** The line stops in the middle; its line end is there. */
  "truncated",
  /** Valid JSON, but an array. */
  "not_object",
  /** A valid event of 300 000 characters. */
  "oversize_chars",
  /** A valid event of more than 8 MiB. */
  "oversize_line",
  /** A usual event that the intake answers with 400. */
  "intake_refuses",
  /** A usual event that the intake answers with 413. */
  "intake_too_large",
  /** Holds bytes that are not UTF-8. */
  "invalid_utf8",
] as const

/** One of `poison_kinds`. */
export type PoisonKind = (typeof poison_kinds)[number]

const poison_schema = z.strictObject({ partition: count, index: count, kind: z.enum(poison_kinds) })

/** A customer below a Flight Control parent: a Falcon tenant of its own, reached with the parent's client and this `member_cid`. */
export const child_schema = z.strictObject({
  cid: z.string().regex(/^[0-9a-f]{32}$/, "32 lower-case hexadecimal characters"),
  /** What the console calls it; a link may come without (gofalcon `domain.ChildLink`). */
  name: z.string().optional(),
  /** Key of its intake. Default: `<intake_key>-<cid>`. */
  intake_key: z.string().min(1).optional(),
  /** Options of this child alone, in place of the parent's. */
  own: z.record(z.string(), z.unknown()).default({}),
})

/** One entry of `children`. */
export type Child = z.output<typeof child_schema>

/** Every option of the simulator, in code as in the YAML of a scenario. All have a default. */
export const options_schema = z.strictObject({
  seed: z.int().nonnegative().default(1),

  partitions: z.int().positive().max(1_000).default(1),
  /** Backlog of each partition, available at once. */
  events_per_partition: count.default(1000),
  /** Growth of each partition after the backlog; 0 for none. */
  events_per_second: z.number().nonnegative().max(1_000_000).default(0),
  /** A partition stops growing at this many events, its backlog included. */
  events_max: count.default(Number.MAX_SAFE_INTEGER),
  /** Index of the oldest event that a partition still holds. */
  retention: count.default(0),
  /** Distinct event shapes. */
  templates: z.int().positive().max(100_000).default(200),
  line_end: z.enum(["mixed", "\n", "\r\n"]).default("mixed"),
  /** What the tape takes for the time of its start. Default: the clock at start. Fix it, and the same seed gives the same bytes. */
  start_ms: milliseconds.optional(),
  poison: z.array(poison_schema).default([]),

  client_id: z.string().min(1).default("simulated-client"),
  client_secret: z.string().min(1).default("simulated-secret"),
  /** How it names itself in URLs. Default: the origin of the request. */
  base_url: z.url().optional(),
  /** How it names itself in `dataFeedURL`. Default: as `base_url`. */
  firehose_url: z.url().optional(),
  region: z.string().default("sim-1"),
  /** Longest silence on a stream, then an empty line. */
  keepalive_ms: milliseconds.positive().default(5_000),
  /** Live events are written together, so long after the last write: a busy stream then costs few wake-ups. 0: each when it happens. */
  write_every_ms: milliseconds.default(0),
  /** A session that was not refreshed for this long ends. */
  session_interval_s: z.number().positive().default(1_800),
  /** A session ends at this age, refreshed or not. */
  session_life_s: z.number().positive().default(14_400),
  token_life_s: z.number().positive().default(1_799),
  /** Does a stream opened with `offset=N` begin with event N or after it? */
  resume: z.enum(["inclusive", "exclusive"]).default("inclusive"),
  /** What holds an app id: a live stream, or already the session that a listing made. */
  lock: z.enum(["stream", "session"]).default("stream"),
  /** How long an app id stays held after its stream closed. */
  lock_release_ms: milliseconds.default(0),
  /** 300 tokens, 15 bad bearers, 6000 requests a minute. */
  rate_limits: z.boolean().default(true),

  ...api_options,

  intake_key: z.string().min(1).default("simulated-intake-key"),
  /** Path before `/batch`. */
  intake_prefix: z
    .string()
    .regex(/^(\/[\w.-]+)*$/, "a path such as /intake, or nothing")
    .default(""),
  intake_delay_ms: milliseconds.default(0),
  intake_body_bytes_max: z
    .int()
    .positive()
    .default(10 * 1024 * 1024),
  intake_event_chars_max: z.int().positive().default(250_000),
  /**
   * full: every byte is compared. count: offsets are picked out of the body, nothing else is checked but the key.
   * none: bodies are read and thrown away, and no ids are answered.
   */
  intake_check: z.enum(["full", "count", "none"]).default("full"),

  sekoia_api_key: z.string().min(1).default("simulated-sekoia-key"),
  /** Items with one of these names are refused, and whatever is sent along with them. */
  asset_refuses: z.array(z.string()).default([]),
  /**
   * What becomes of assets that were taken: nothing more (`none`), or a task that takes them later, as newer platforms have it.
   * The faults `task_fails` and `task_hangs` make a task in either case.
   */
  asset_tasks: z.enum(["none", "finish"]).default("none"),
  /** From a post to the end of its task. */
  asset_task_ms: milliseconds.default(0),
  /** A task that holds items with one of these names fails as a whole. */
  asset_task_fails_on: z.array(z.string()).default([]),

  faults: z.array(fault_schema).default([]),

  /** Customers below this one, which makes it a Flight Control parent. Each has the options above and a seed of its own. */
  children: z.array(child_schema).default([]),
})

/** The options with their defaults filled in. */
export type SimulatorSettings = z.output<typeof options_schema>

/** What a caller writes: everything is optional. */
export type SimulatorOptions = z.input<typeof options_schema>

/** Fills in the defaults; throws an error that names the key and what is wrong there. */
export function parseOptions(options: unknown): SimulatorSettings {
  return parseWith(options_schema, options)
}

/** Checks a value against a schema; the error has one line for each problem. */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "scenario"}: ${issue.message}`)
  throw new Error(problems.join("\n"))
}
