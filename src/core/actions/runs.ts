/**
 * Actions that are waited for, in `data_dir/runs/`: a file each, written when the action was carried out and after every look, so that
 * a wait outlives its request and the process. Who asks sees what was seen last.
 */
import { Clock, type Context, Deferred, Effect, Fiber, type FileSystem } from "effect"
import { z } from "zod"
import type { StoreError } from "../errors.ts"
import { forPurpose } from "../http/client/purpose.ts"
import type { PluginServices } from "../plugin.ts"
import { makeRecordFolder } from "../store/record-folder.ts"
import type { AnyAction, Args } from "./action.ts"
import { waits as bounds } from "./limits.ts"
import type { ActionResponse } from "./response.ts"
import { firstRows, readStates, wait_row, waitWhilePending } from "./wait.ts"

const run_file = z.object({
  id: z.string(),
  /** ISO 8601: when the action was carried out, and until when it is waited for. */
  at: z.iso.datetime(),
  until: z.iso.datetime(),
  state: z.enum(["waiting", "done"]),
  action: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  /** The answer of the action. */
  answer: z.record(z.string(), z.unknown()),
  wait: z.array(wait_row),
})

export type Run = z.output<typeof run_file>

export interface Runs {
  /** How things are before an action. */
  readonly before: (action: AnyAction, args: Args) => Effect.Effect<ReadonlyMap<string, string>>
  /** Begins to wait for what an action has asked for. Gives the run when it is done, or as it is when the request has waited long enough. */
  readonly start: (wanted: {
    readonly action: AnyAction
    readonly args: Args
    readonly before: ReadonlyMap<string, string>
    readonly answer: ActionResponse
    readonly wait_s: number
  }) => Effect.Effect<Run>
  /** A run by its id; `undefined` when there is none. */
  readonly find: (id: string) => Effect.Effect<Run | undefined, StoreError>
  /** Goes on with the runs that an earlier process left. */
  readonly resume: (find: (slug: string) => AnyAction | undefined) => Effect.Effect<void>
  /** Ends all waiting; what waits is resumed by the next process. */
  readonly stop: Effect.Effect<void>
}

/** The runs of one tenant. */
export const makeRuns = Effect.fnUntraced(function* (
  data_dir: string,
  services: Context.Context<PluginServices>,
): Effect.fn.Return<Runs, never, FileSystem.FileSystem> {
  const records = yield* makeRecordFolder(`${data_dir}/runs`, run_file, bounds.run_bytes_max)
  const fibers = new Set<Fiber.Fiber<unknown>>()

  // What the disk does not take is still told to whoever waits; a restart then knows less.
  const save = (run: Run) =>
    records
      .write(run)
      .pipe(Effect.catch((error) => Effect.logError(`${error.message}; a run that is waited for is not on the disk`)))

  const carryOut = (run: Run, action: AnyAction, seen: { run: Run }, done: Deferred.Deferred<void>) =>
    Effect.gen(function* () {
      const settling = action.settles?.(run.arguments)
      const saveAs = (wait: Run["wait"], state: Run["state"]) => {
        seen.run = { ...run, wait, state }
        return save(seen.run)
      }
      const rows =
        settling === undefined
          ? run.wait
          : yield* waitWhilePending(settling, run.wait, Date.parse(run.until), (wait) => saveAs([...wait], "waiting"))
      yield* saveAs([...rows], "done")
      yield* Deferred.succeed(done, undefined)
    }).pipe(forPurpose("action"), Effect.provide(services))

  const fork = Effect.fnUntraced(function* (run: Run, action: AnyAction) {
    const seen = { run }
    const done = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkDetach(carryOut(run, action, seen, done))
    fibers.add(fiber)
    fiber.addObserver(() => void fibers.delete(fiber))
    return { seen, done }
  })

  /** Removes runs that are over a day old, and the oldest beyond the bound. Gives the others, the oldest first. */
  const sweep = Effect.gen(function* () {
    const now_ms = yield* Clock.currentTimeMillis
    const runs: Run[] = []
    for (const id of yield* records.ids) {
      const run = yield* Effect.orElseSucceed(records.read(id), () => undefined)
      if (run !== undefined) runs.push(run)
    }
    runs.sort((one, other) => (one.at < other.at ? -1 : 1))
    const over = runs.filter(
      ({ state, until }, at) =>
        state === "done" && (now_ms - Date.parse(until) > bounds.run_life_ms || runs.length - at > bounds.runs_max),
    )
    for (const { id } of over) yield* records.remove(id)
    return runs.filter((run) => !over.includes(run))
  })

  const start = Effect.fnUntraced(function* ({ action, args, before, answer, wait_s }: Parameters<Runs["start"]>[0]) {
    const now_ms = yield* Clock.currentTimeMillis
    const settling = action.settles?.(args)
    const run: Run = {
      id: crypto.randomUUID(),
      at: new Date(now_ms).toISOString(),
      until: new Date(now_ms + wait_s * 1_000).toISOString(),
      state: "waiting",
      action: action.slug,
      arguments: { ...args },
      answer: { ...answer },
      wait: settling === undefined ? [] : [...firstRows(settling, before, answer)],
    }
    yield* sweep
    yield* save(run)
    const { seen, done } = yield* fork(run, action)
    yield* Effect.timeoutOption(Deferred.await(done), Math.min(wait_s, bounds.request_s_max) * 1_000 + bounds.look_ms)
    return seen.run
  })

  return {
    before: (action, args) => {
      const settling = action.settles?.(args)
      if (settling === undefined) return Effect.succeed(new Map())
      return readStates(settling, [...new Set(settling.ids)]).pipe(Effect.provide(services), forPurpose("action"))
    },
    start,
    find: records.read,
    resume: Effect.fnUntraced(function* (find) {
      for (const run of yield* sweep) {
        const action = run.state === "waiting" ? find(run.action) : undefined
        if (action !== undefined) yield* fork(run, action)
      }
    }),
    stop: Effect.suspend(() => Fiber.interruptAll(fibers)),
  }
})
