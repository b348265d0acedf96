/** The background work of a plugin from outside, which may end, fail or refuse to stop without anybody else noticing. */
import { Effect, Fiber } from "effect"
import { backoffMs } from "../core/http/client/backoff.ts"
import { stopwatch } from "../core/monotonic.ts"
import type { PluginServices } from "../core/plugin.ts"
import { Health } from "../core/telemetry/health.ts"
import { outside } from "./limits.ts"
import { exitText, troubleOf } from "./trouble.ts"

/** Keeps a plugin's work going until it is interrupted. Never fails. */
export const keepRunning = (plugin_id: string, run: () => unknown): Effect.Effect<never, never, PluginServices> =>
  Effect.gen(function* () {
    const trouble = yield* troubleOf(plugin_id, "work")
    yield* Health.use((health) => health.started(plugin_id))
    for (let failures = 1; ; ) {
      const elapsedMs = yield* stopwatch
      const exit = yield* once(plugin_id, run)
      failures = elapsedMs() >= outside.settled_ms ? 1 : failures + 1
      const wait_ms = yield* backoffMs(failures, outside.restart_ms_max)
      yield* trouble.tell("failed", `${exitText(exit)}; it begins anew`)
      yield* Effect.sleep(wait_ms)
      yield* trouble.over
    }
  })

/** One life of it. Its fiber is its own: one that does not end when it is told to is left behind. */
const once = (plugin_id: string, run: () => unknown) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const work = Effect.suspend(() => {
        const made = run()
        if (!Effect.isEffect(made)) throw new Error("run gives no Effect")
        return made as Effect.Effect<unknown, unknown, PluginServices>
      })
      const fiber = yield* Effect.forkDetach(Effect.interruptible(Effect.scoped(work)))
      return yield* restore(Fiber.await(fiber)).pipe(Effect.onInterrupt(() => leave(plugin_id, fiber)))
    }),
  )

/** How often it is looked whether the work has ended. */
const look_ms = 50

const leave = (plugin_id: string, fiber: Fiber.Fiber<unknown, unknown>) =>
  Effect.gen(function* () {
    fiber.interruptUnsafe()
    // Whoever waits here is being interrupted as well: only looking now and then does not end at once.
    for (let waited_ms = 0; fiber.pollUnsafe() === undefined && waited_ms < outside.stop_ms_max; waited_ms += look_ms)
      yield* Effect.sleep(look_ms)
    if (fiber.pollUnsafe() === undefined)
      yield* Effect.logWarning(
        `the plugin ${plugin_id} did not stop within ${outside.stop_ms_max} ms and is left behind`,
      )
  })
