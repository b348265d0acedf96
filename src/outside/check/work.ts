/** What background work and checks have to keep. */
import { Effect, Fiber } from "effect"
import type { AnyPlugin } from "../../core/plugin.ts"
import { watchTimers } from "./timers.ts"
import { must, type Row, type Tried, tryIt } from "./tried.ts"

/** How long the work is watched, in simulated time. */
const watched_ms = 3 * 60_000
/** And after it was stopped. */
const stopped_ms = 60_000

/** A row for each promise. */
export const workRows = async (subject: Tried): Promise<readonly Row[]> => {
  const { plugin } = subject
  const living = (name: string, status?: number) => {
    const falcon = status === undefined ? undefined : () => new Response("no", { status })
    return tryIt(`work: ${name}`, subject, { falcon }, (rig) =>
      Effect.gen(function* () {
        const timers = watchTimers()
        const fiber = yield* rig.start
        yield* Effect.sleep(watched_ms)
        const report = yield* rig.health
        must(!trouble.test(report?.detail ?? ""), report?.detail ?? "")
        yield* Fiber.interrupt(fiber)
        const calls = (yield* Effect.promise(rig.calls)).length
        yield* Effect.sleep(stopped_ms)
        const later = (yield* Effect.promise(rig.calls)).length
        must(
          later === calls,
          `it calls Falcon ${later - calls} times after it was stopped: fork with Effect.forkScoped`,
        )
        const left = timers.end()
        must(left.length === 0, `it leaves timers behind: ${left.join("; ")}`)
        return `lives for ${watched_ms / 60_000} min, stops, and leaves nothing behind`
      }),
    )
  }
  const rows: Row[] = []
  if (hasWork(plugin)) {
    rows.push(await living("Falcon answers"), await living("Falcon fails", 503))
  }
  if (plugin.checks !== undefined)
    rows.push(
      await tryIt("check", subject, {}, (rig) =>
        Effect.gen(function* () {
          const { plugin: running, config } = rig.tenant.plugins[0]!
          const questions = running.checks!(config)
          for (const { find, name } of questions) {
            const { status, detail, remedy } = yield* Effect.scoped(Effect.provide(find, rig.tenant.services))
            must(status === "ok" || remedy !== undefined, `${name} says ${status} and not what to do`)
            must(!/tell whoever wrote/.test(remedy ?? ""), detail)
          }
          return `${questions.length} questions answered`
        }),
      ),
    )
  return rows
}

/** Trouble that its work had: health names the part. */
const trouble = /(^|; )(work|stray errors|files): /

const hasWork = (plugin: AnyPlugin): boolean => plugin.run !== undefined
