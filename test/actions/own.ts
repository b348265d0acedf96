/** A plugin of the tests' own: actions whose end can be chosen. */
import { Deferred, Effect } from "effect"
import { z } from "zod"
import { ArgumentError, defineAction, type Outcome } from "../../src/core/actions/action.ts"
import { FalconError, type FalconReason } from "../../src/core/falcon/errors.ts"
import { definePlugin } from "../../src/core/plugin.ts"

/** What has happened, and the gate that `wait_here` waits at. */
export const seen = { done: 0, gate: Deferred.makeUnsafe<void>() }

const done = (resources: readonly unknown[] = [], failed = 0): Outcome => ({
  resources,
  errors: Array.from({ length: failed }, (_, i) => ({ id: `id-${i}`, code: 404, message: "unknown" })),
  trace_ids: ["trace-1"],
  requested: resources.length + failed,
  succeeded: resources.length,
  failed,
})

const common = {
  resource: z.unknown(),
  scopes: ["Hosts: Write"],
  destructive: false,
  idempotent: false,
  description: "For tests.",
}

const failure = (reason: FalconReason, secret: string, status: number, said: boolean) =>
  new FalconError({
    reason,
    operation: "test.call",
    status,
    trace_id: "trace-2",
    errors: said ? [{ code: status, message: "so it is" }] : [],
    scopes: reason === "forbidden" ? ["Hosts: Write"] : [],
    retry_after_ms: reason === "rate_limited" ? 2_500 : undefined,
    message: `test.call: ${reason} ${secret}`,
  })

const reasons = [
  "unauthorized",
  "forbidden",
  "rate_limited",
  "rejected",
  "retired",
  "unavailable",
  "timeout",
  "unreachable",
  "malformed",
  "untrusted_url",
  "outcome_unknown",
] as const satisfies readonly FalconReason[]

const countUp = defineAction({
  ...common,
  slug: "count_up",
  alias: "count_upwards",
  title: "Count up",
  changes: true,
  arguments: z.strictObject({
    ids: z.array(z.string()).describe("Ids."),
    note: z.string().default("none").describe("A note."),
    fail: z.int().default(0).describe("How many fail."),
  }),
  example: { ids: ["a"] },
  run: ({ ids, fail }) =>
    Effect.sync(() =>
      done(
        ids.slice(fail).map((id) => ({ id, count: ++seen.done })),
        fail,
      ),
    ),
})

const lookUp = defineAction({
  ...common,
  slug: "look_up",
  alias: "look_up",
  title: "Look up",
  changes: false,
  arguments: z.strictObject({}),
  example: {},
  run: () => Effect.sync(() => done([{ count: ++seen.done }])),
})

const fail_arguments = z.strictObject({
  reason: z.enum(reasons).describe("How."),
  secret: z.string().default("").describe("Said."),
  status: z.int().default(403).describe("Falcon's."),
  said: z.boolean().default(true).describe("Whether Falcon gives an error of its own."),
})

const failAs = defineAction({
  ...common,
  slug: "fail_as",
  alias: "fail_like",
  title: "Fail",
  changes: true,
  retired: { since: "2026-09-30", successor: "look_up" },
  arguments: fail_arguments,
  example: { reason: "timeout" },
  run: ({ reason, secret, status, said }) => {
    seen.done++
    return Effect.fail(failure(reason, secret, status, said))
  },
})

const refuseArgument = defineAction({
  ...common,
  slug: "refuse_argument",
  alias: "refuse_argument",
  title: "Refuse an argument",
  changes: true,
  arguments: z.strictObject({ path: z.string().describe("A path.") }),
  example: { path: "x" },
  run: () => Effect.fail(new ArgumentError({ field: "path", message: "leads out of the data folder" })),
})

const breakDown = defineAction({
  ...common,
  slug: "break_down",
  alias: "break_down",
  title: "Break down",
  changes: true,
  arguments: z.strictObject({}),
  example: {},
  run: () => {
    throw new Error("the inside of the program")
  },
})

const waitHere = defineAction({
  ...common,
  slug: "wait_here",
  alias: "wait_here",
  title: "Wait",
  changes: true,
  arguments: z.strictObject({ ids: z.array(z.string()).describe("Ids.") }),
  example: { ids: [] },
  run: ({ ids }) => Effect.map(Deferred.await(seen.gate), () => done(ids.map((id) => ({ id, count: ++seen.done })))),
})

export const own = definePlugin({
  id: "own",
  title: "For tests.",
  enabled_by_default: true,
  config: z.strictObject({}),
  actions: [countUp, lookUp, failAs, refuseArgument, breakDown, waitHere],
})
