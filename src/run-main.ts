/**
 * Runs a command as the process: one signal drains, a second one ends at once, and so does a drain that takes too long, as on a disk that
 * does not answer. The exit status says how it went.
 */
import { Cause, type Effect, Exit, Runtime } from "effect"
import { Exit as ExitWith } from "./cli/common.ts"
import { server } from "./core/http/server/limits.ts"
import { writeError } from "./core/telemetry/standard-error.ts"

const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => {
      writeError(
        `akonis: not everything has ended ${server.stop_ms_max / 1_000} s after the signal; this process ends all the same\n`,
      )
      process.exit(1)
    }, server.stop_ms_max).unref()
    fiber.interruptUnsafe(fiber.id)
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  fiber.addObserver((exit) => teardown(exit, (status) => process.exit(status)))
})

/** What is wrong has been printed by the command. Being told to stop is no failure. */
export const runProcess = (command: Effect.Effect<void, unknown>): void =>
  runMain(command, {
    disableErrorReporting: true,
    teardown: (exit, end) => {
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return end(0)
      const error = Cause.squash(exit.cause)
      end(error instanceof ExitWith ? error.status : 1)
    },
  })
