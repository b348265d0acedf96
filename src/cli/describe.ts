/** The command line as plain data, from its declaration: what completions and the man page are made of. */
import { type Command, Completions } from "effect/cli"
import type { AnyPlugin } from "../core/plugin.ts"

/** Every command below the root, with its flags and arguments. Slugs of actions and names of plugins are choices here. */
export const describe = (root: Command.Command.Any, plugins: readonly AnyPlugin[]): Completions.CommandDescriptor =>
  withChoices(Completions.fromCommand(root), {
    slug: plugins.flatMap(({ actions }) => actions.map((action) => action.slug)),
    plugin: plugins.map(({ id }) => id),
  })

type Choices = Readonly<Record<string, readonly string[]>>

/** What is free text to the parser, which explains a mistake better, and has values that a shell may offer. */
const withChoices = (command: Completions.CommandDescriptor, choices: Choices): Completions.CommandDescriptor => ({
  ...command,
  flags: command.flags.map((flag) => ({ ...flag, type: typeOf(flag, choices) })),
  arguments: command.arguments.map((argument) => ({ ...argument, type: typeOf(argument, choices) })),
  subcommands: command.subcommands.map((one) => withChoices(one, choices)),
})

const typeOf = <T extends { readonly _tag: string }>(
  { name, type }: { readonly name: string; readonly type: T },
  choices: Choices,
): T | { readonly _tag: "Choice"; readonly values: readonly string[] } => {
  const values = choices[name] ?? []
  return type._tag === "String" && values.length > 0 ? { _tag: "Choice", values } : type
}
