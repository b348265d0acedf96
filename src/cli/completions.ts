/** `akonis completions`: a script that lets a shell complete commands, flags, actions and plugins. */
import { Effect } from "effect"
import { Argument, Command, Completions } from "effect/cli"
import { Plugins, print } from "./common.ts"
import { describe } from "./describe.ts"

const shell = Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(Argument.withDescription("bash, zsh or fish"))

/** The command, over the command line that it is part of. */
export const makeCompletions = (root: () => Command.Command.Any) =>
  Command.make("completions", { shell }, (given) =>
    Effect.gen(function* () {
      const plugins = yield* Plugins
      const script = Completions.generate("akonis", given.shell, describe(root(), plugins))
      // Its own words on how to install it name the flag, which knows no actions.
      yield* print(script.replaceAll("akonis --completions", "akonis completions"))
    }),
  ).pipe(Command.withDescription("Print the completion script of a shell: commands, flags, actions and plugins"))
