/** How the command line shows its help, and what is wrong with what was typed. */
import { CliOutput } from "effect/cli"
import { oneLine } from "../core/text.ts"
import { complain } from "./common.ts"

/**
 * Help that was asked for goes to standard output. What is wrong with a command line goes to standard error, in one line with the command
 * that shows the help: standard output stays empty, since a program may read it.
 */
export const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? complain([...event.errors.map(inOneLine), `see ${event.commandPath.join(" ")} --help`].join("; "))
      : CliOutput.defaultPresenter.present(event),
}

const inOneLine = ({ message }: { readonly message: string }): string =>
  oneLine(message.replace(/\s*Did you mean this\?\s*/, "; the nearest is ").replaceAll(/\n\s+/g, ", "))
