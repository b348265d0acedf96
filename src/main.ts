/** The command line: every entry of the product behind one executable. */
import { Cause, Exit, Runtime } from "effect"
import { makeCli } from "./akonis.ts"
import { Exit as ExitWith } from "./cli/common.ts"
import { plugins } from "./plugins/index.ts"

/** One signal drains, a second one ends at once. Being told to stop is no failure. */
const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(1)
    stopping = true
    fiber.interruptUnsafe(fiber.id)
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  fiber.addObserver((exit) => teardown(exit, (status) => process.exit(status)))
})

runMain(makeCli(plugins)(process.argv.slice(2)), {
  disableErrorReporting: true,
  teardown: (exit, end) => {
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return end(0)
    const error = Cause.squash(exit.cause)
    end(error instanceof ExitWith ? error.status : 1)
  },
})
