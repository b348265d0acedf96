/** `akonis man`: the manual page, made from the declaration of the command line. `akonis man | man -l -` shows it. */
import { Effect } from "effect"
import { Command, type Completions } from "effect/cli"
import { build, version } from "../version.ts"
import { Plugins, write } from "./common.ts"
import { describe } from "./describe.ts"

type Described = Completions.CommandDescriptor
type Parameter = Described["flags"][number] | Described["arguments"][number]

/** The command, over the command line that it is part of. */
export const makeMan = (root: () => Command.Command.Any) =>
  Command.make("man", {}, () =>
    Effect.gen(function* () {
      const plugins = yield* Plugins
      yield* write(page(describe(root(), plugins)))
    }),
  ).pipe(Command.withDescription("Print the manual page; `akonis man | man -l -` shows it"))

/** The page in the language of mdoc(7). */
const page = (root: Described): string => {
  const parts = [
    `.Dd ${date()}`,
    ".Dt AKONIS 1",
    `.Os Akonis ${version}`,
    ".Sh NAME",
    ".Nm akonis",
    ".Nd connects CrowdStrike Falcon to Sekoia.io",
    ".Sh SYNOPSIS",
    ...commandsOf(root, []).map(({ path }) => `.Nm akonis Cm ${path.join(" ")} Op Ar option ...`),
    ".Sh DESCRIPTION",
    roff(
      "Reads the event streams of a Falcon tenant and delivers every event to a Sekoia intake, keeps Sekoia's asset inventory current, and carries out response actions over HTTP, from the shell, and as MCP tools.",
    ),
    "Without a command it does what",
    ".Cm run",
    "does.",
    ".Sh COMMANDS",
    ...commandsOf(root, []).flatMap(commandText),
    ".Sh ENVIRONMENT",
    roff(
      "Every key of the configuration that has a variable is named in docs/reference/configuration.md; it wins over the file.",
    ),
    "A secret variable may be given as a file by the same name with",
    ".Ev _FILE",
    "behind it.",
    ".Sh FILES",
    ".Bl -tag -width Ds",
    ".It Pa akonis.yaml",
    "The configuration, in the working directory unless",
    ".Fl Fl config",
    "or",
    ".Ev AKONIS_CONFIG",
    "names another one.",
    ".It Pa data",
    "Offsets, dead letters, the audit log and the like, unless",
    ".Ev AKONIS_DATA_DIR",
    "names another folder.",
    ".El",
    ".Sh EXIT STATUS",
    roff("0 done; 1 failed, or done in part; 2 the command line or the configuration is wrong."),
    "SIGTERM delivers what has been read, commits and ends; a second signal ends at once.",
  ]
  return `${parts.join("\n")}\n`
}

/** The day of the build; that of no build from source. */
const date = (): string => (build.date === "" ? "$Mdocdate$" : build.date.slice(0, 10))

interface Placed {
  readonly path: readonly string[]
  readonly command: Described
}

/** Every command that does something by itself, the deepest ones of a group in its place. */
const commandsOf = (command: Described, path: readonly string[]): Placed[] =>
  command.subcommands.flatMap((one) => {
    const own = [...path, one.name]
    return one.subcommands.length > 0 ? commandsOf(one, own) : [{ path: own, command: one }]
  })

const commandText = ({ path, command }: Placed): string[] => [
  `.Ss akonis ${path.join(" ")}`,
  roff(command.description ?? ""),
  ...list([
    ...command.arguments.map((argument) => [`.It Ar ${argument.name}`, argument] as const),
    ...command.flags.map((flag) => [`.It Fl Fl ${flag.name}`, flag] as const),
  ]),
]

const list = (items: readonly (readonly [string, Parameter])[]): string[] =>
  items.length === 0
    ? []
    : [
        ".Bl -tag -width Ds",
        ...items.flatMap(([item, parameter]) => [
          item,
          roff([parameter.description ?? "", valuesOf(parameter)].join(" ")),
        ]),
        ".El",
      ]

const valuesOf = ({ type }: Parameter): string => (type._tag === "Choice" ? `One of: ${type.values.join(", ")}.` : "")

const line_chars_max = 78

/** Text as it is, in lines of at most 78 characters: one that began with a dot or a quote would be an instruction. */
const roff = (text: string): string => {
  const lines: string[] = []
  for (const word of text.trim().replaceAll("\\", "\\e").replaceAll("-", "\\-").split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || `${last} ${word}`.length > line_chars_max)
      lines.push(/^[.']/.test(word) ? `\\&${word}` : word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines[0] === "" ? "No description." : lines.join("\n")
}
