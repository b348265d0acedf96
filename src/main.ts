/** The command line: every entry of the product behind one executable. */
import { NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit, Runtime } from "effect"
import { Command } from "effect/cli"
import { actions } from "./cli/actions.ts"
import { assets } from "./cli/assets.ts"
import { call } from "./cli/call.ts"
import { check } from "./cli/check.ts"
import { complain, configFlag, configOf, Exit as ExitWith, explain } from "./cli/common.ts"
import { deadLetters } from "./cli/dead-letters.ts"
import { demo } from "./cli/demo.ts"
import { run, runAkonis, serve, worker } from "./cli/run.ts"
import { simulate } from "./cli/simulate.ts"
import { layerFiles } from "./core/store/files.ts"
import { version } from "./version.ts"

const akonis = Command.make("akonis", { config: configFlag }, ({ config }) =>
  explain(Effect.flatMap(configOf(config), (loaded) => runAkonis("run", loaded))),
).pipe(
  Command.withDescription("Connects CrowdStrike Falcon to Sekoia.io. Without a command: run"),
  Command.withSubcommands([run, serve, worker, check, actions, call, assets, deadLetters, simulate, demo]),
)

const program = Command.runWith(akonis, { version })(process.argv.slice(2)).pipe(
  // The command line itself was wrong: what is wrong has been printed beside the help.
  Effect.catchTag("ShowHelp", (help) => (help.errors.length > 0 ? new ExitWith({ status: 2 }) : Effect.void)),
  Effect.catchDefect((defect) =>
    Effect.andThen(
      complain(`unexpected error, please report it: ${Cause.pretty(Cause.die(defect))}`),
      new ExitWith({ status: 1 }),
    ),
  ),
  Effect.provide([NodeServices.layer, layerFiles]),
)

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

runMain(program, {
  disableErrorReporting: true,
  teardown: (exit, end) => {
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return end(0)
    const error = Cause.squash(exit.cause)
    end(error instanceof ExitWith ? error.status : 1)
  },
})
