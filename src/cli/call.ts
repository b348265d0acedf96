/** `akonis call`: one action from the shell. May run beside a worker: it takes no lock, and only appends to shared files. */

import { Effect, type FileSystem, Option, Result } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { AnyAction, RowError } from "../core/actions/action.ts"
import { type ActionTenant, execute, makeActionTenant } from "../core/actions/execute.ts"
import { waits } from "../core/actions/limits.ts"
import { performAndWait, type Waited } from "../core/actions/perform-and-wait.ts"
import type { ProblemBody, Refusal } from "../core/actions/problem.ts"
import { noSuchAction } from "../core/actions/registry.ts"
import type { ActionResponse, Asked } from "../core/actions/response.ts"
import type { Run } from "../core/actions/runs.ts"
import { uses } from "../core/config/plugins.ts"
import { ConfigError } from "../core/errors.ts"
import { server } from "../core/http/server/limits.ts"
import { readRegular, whyUnread } from "../core/store/regular-file.ts"
import {
  complain,
  configFlag,
  configOf,
  Exit,
  explain,
  jsonFlag,
  openOne,
  print,
  quietLog,
  shellUser,
  tenantFlag,
} from "./common.ts"

const flags = {
  slug: Argument.String("slug").pipe(Argument.withDescription("As `akonis actions` lists it")),
  args: Flag.String("args").pipe(
    Flag.withDescription("The arguments: JSON, @FILE, or - for standard input"),
    Flag.withMetavar("JSON|@FILE|-"),
    Flag.withDefault("{}"),
  ),
  dry_run: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Show the requests that would go to Falcon; send none"),
    Flag.withDefault(false),
  ),
  wait: Flag.Int("wait").pipe(
    Flag.withDescription("Wait up to so many seconds until it has happened; told for each id"),
    Flag.withMetavar("S"),
    Flag.optional,
  ),
  tenant: tenantFlag,
  config: configFlag,
  json: jsonFlag,
}

export const call = Command.make("call", flags, (given) =>
  explain(
    Effect.gen(function* () {
      const args = yield* readArguments(given.args)
      const config = yield* configOf(given.config, uses.actions)
      const running = yield* openOne(config, given.tenant)
      const tenant = yield* makeActionTenant(running, { owner: false, guards: config.guards })
      const action = tenant.find(given.slug)
      if (action === undefined) {
        const message = `${noSuchAction(tenant, given.slug)}; \`akonis actions\` lists all that ship, also those of plugins that are off`
        return yield* wrong("SLUG", message)
      }
      const asked: Asked = {
        caller: shellUser(),
        via: "shell",
        request_id: crypto.randomUUID(),
        dry_run: given.dry_run,
        read_only: config.server.read_only,
      }
      const wait_s = Option.getOrUndefined(given.wait)
      const result = yield* Effect.result(
        wait_s === undefined ? execute(tenant, action, args, asked) : waitedFor(tenant, action, args, asked, wait_s),
      )
      if (Result.isFailure(result)) return yield* failed(result.failure.problem, given.json)
      yield* show(result.success.answer, given.json)
    }).pipe(Effect.scoped, Effect.provide(quietLog("error"))),
  ),
).pipe(Command.withDescription("Run one action"))

/** Runs an action and waits as long as is wished: nobody holds a request open here. */
const waitedFor = Effect.fnUntraced(function* (
  tenant: ActionTenant,
  action: AnyAction,
  args: unknown,
  asked: Asked,
  wait_s: number,
): Effect.fn.Return<{ readonly answer: ActionResponse | Waited }, Refusal> {
  const parsed = action.arguments.safeParse(args)
  // What is wrong with the arguments is told as without a wait.
  if (!parsed.success) return yield* execute(tenant, action, args, asked)
  const { answer } = yield* performAndWait(tenant, action, parsed.data, asked, wait_s)
  if (!("run" in answer)) return { answer }
  for (let run: Pick<Run, "state" | "wait"> = { state: answer.run.state, wait: answer.wait }; ; ) {
    if (run.state === "done") return { answer: { ...answer, wait: run.wait, run: { ...answer.run, state: "done" } } }
    yield* Effect.sleep(waits.look_ms)
    const found = yield* Effect.orElseSucceed(tenant.runs.find(answer.run.id), () => undefined)
    run = found ?? run
  }
})

const wrong = (key: string, message: string) => new ConfigError({ source: "call", key, message })

const readArguments = Effect.fnUntraced(function* (
  text: string,
): Effect.fn.Return<unknown, ConfigError, FileSystem.FileSystem> {
  const json = text === "-" ? yield* readInput : text.startsWith("@") ? yield* readArgumentFile(text.slice(1)) : text
  return yield* Effect.try({ try: () => JSON.parse(json) as unknown, catch: (error) => wrongArguments(String(error)) })
})

const wrongArguments = (why: string) => wrong("--args", `must be JSON, @FILE with JSON, or -: ${why}`)

const readArgumentFile = (path: string) =>
  Effect.mapBoth(readRegular(path, server.body_bytes_max), {
    onSuccess: ({ text }) => text,
    onFailure: (error) => wrongArguments(`${path} cannot be read: ${whyUnread(error)}`),
  })

/** Standard input up to its end, or to what is too much: it may have none. */
const readInput = Effect.tryPromise({
  try: async () => {
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of process.stdin as AsyncIterable<Uint8Array>) {
      bytes += part.length
      if (bytes > server.body_bytes_max) throw new Error(`more than ${server.body_bytes_max} bytes`)
      parts.push(part)
    }
    return Buffer.concat(parts).toString("utf8")
  },
  catch: (error) => wrongArguments((error as Error).message),
})

/** Results on standard output, what happened on standard error. */
export const show = Effect.fnUntraced(function* (
  answer: ActionResponse | Waited,
  as_json: boolean,
): Effect.fn.Return<void, Exit> {
  const { counts, results, errors, warnings = [] } = answer
  if (as_json) yield* print(JSON.stringify(answer, null, 2))
  else if ("requests" in results) {
    for (const { method, url, body } of results.requests) {
      yield* print(`${method} ${url}`)
      if (body !== undefined) yield* print(JSON.stringify(body, null, 2))
    }
  } else {
    for (const resource of results.resources) yield* print(JSON.stringify(resource, null, 2))
    yield* complainOf(errors)
    const skipped = (counts.skipped ?? 0) > 0 ? `, ${counts.skipped} skipped` : ""
    const open = counts.unconfirmed === 0 ? "" : `, ${counts.unconfirmed} unconfirmed: look before doing it again`
    yield* complain(`${answer.action}: ${counts.succeeded} of ${counts.requested} done${skipped}${open}`)
    const { total, next } = results
    if (next !== undefined)
      yield* complain(
        `there are more${total === undefined ? "" : ` (${total} in all)`}: go on with offset ${JSON.stringify(next)}`,
      )
    else if (total !== undefined && total > results.resources.length) {
      yield* complain(`${results.resources.length} of ${total} that match; ask with a higher limit`)
    }
  }
  const rows = "wait" in answer ? answer.wait : []
  if (!as_json)
    for (const { id, state, before, after } of rows)
      yield* print(`${id}: ${state}${before === null && after === null ? "" : `, ${before ?? "?"} -> ${after ?? "?"}`}`)
  if (!as_json) for (const warning of warnings) yield* complain(`warning: ${warning}`)
  if (answer.outcome === "partial" || rows.some(({ state }) => state !== "confirmed"))
    return yield* new Exit({ status: 1 })
})

const complainOf = (errors: readonly RowError[]) =>
  Effect.forEach(errors, ({ id, code, message, outcome }) =>
    complain(`${id === undefined ? "" : `${id}: `}${outcome === undefined ? "" : `${outcome}: `}${code} ${message}`),
  )

/** Says why it failed, and ends with 1, or 2 where the arguments are wrong. */
export const failed = Effect.fnUntraced(function* (
  problem: ProblemBody,
  as_json: boolean,
): Effect.fn.Return<never, Exit> {
  if (as_json) yield* print(JSON.stringify(problem, null, 2))
  else if (problem.errors === undefined) {
    yield* complainOf(problem.upstream_errors ?? [])
    yield* complain(problem.detail)
  } else
    for (const { field, message } of problem.errors) yield* complain(field === "" ? message : `${field}: ${message}`)
  return yield* new Exit({ status: problem.status === 400 ? 2 : 1 })
})
