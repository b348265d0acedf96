/** What the commands share: flags, the way to a configuration, and how failures end the process. */
import { Context, Data, Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { tellUnready } from "../core/config/children.ts"
import { type Config, loadConfig, type TenantConfig } from "../core/config/load.ts"
import type { Uses } from "../core/config/plugins.ts"
import type { Env } from "../core/config/read.ts"
import { ConfigError, type StoreError } from "../core/errors.ts"
import type { AnyPlugin } from "../core/plugin.ts"
import { userName } from "../core/runtime/user-name.ts"
import { layerLogging } from "../core/telemetry/logging.ts"
import { redact } from "../core/telemetry/redact.ts"
import { writeError } from "../core/telemetry/standard-error.ts"
import { boot } from "../core/tenant/boot.ts"
import { terminalText } from "../core/text.ts"
import { loadOutside } from "../outside/load.ts"
import { version } from "../version.ts"

export const env: Env = process.env

export const configFlag = Flag.String("config").pipe(
  Flag.withDescription("Configuration file; akonis.yaml in the working directory when there is one"),
  Flag.withMetavar("FILE"),
  Flag.optional,
)

export const tenantFlag = Flag.String("tenant").pipe(
  Flag.withDescription("Which tenant, when there are several"),
  Flag.optional,
)

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON for programs"),
  Flag.withDefault(false),
)

/** Who asks for what a command does: the user of the shell, who may do everything. */
export const shellUser = () => ({ name: `shell:${userName()}`, role: "admin" }) as const

/** The log of a command whose own output is what counts. */
export const quietLog = (level: "warn" | "error") => layerLogging({ level, format: "pretty" })

/** Everything that ships, as the entry has handed it in. */
export class Plugins extends Context.Service<Plugins, readonly AnyPlugin[]>()("akonis/cli/Plugins") {}

/** The configuration of a command, as far as the command uses it. */
export const configOf = (file: Option.Option<string>, used: Uses) =>
  Plugins.use((plugins) => loadConfig({ file: Option.getOrUndefined(file), env, plugins, uses: used, loadOutside }))

/** Ends the process with a status; the message, if any, has been printed. */
export class Exit extends Data.TaggedError("Exit")<{ readonly status: 1 | 2 }> {}

let is_listened_to = false

/**
 * Writes to standard output and waits until it is out: a pipe takes 64 KiB at once, and the process may end after this. Who stops reading
 * (`| head`) gets no more, which is no error.
 */
export const write = (text: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (!is_listened_to) process.stdout.on("error", () => undefined)
    is_listened_to = true
    process.stdout.write(text, () => resume(Effect.void))
  })

/**
 * What goes on until it is told to stop, and is of use only while its output is read: ends once nobody reads it any more (`| head`), and fails
 * where standard output takes no more for another reason.
 */
export const whileRead = <E, R>(live: Effect.Effect<unknown, E, R>): Effect.Effect<void, E | Exit, R> =>
  Effect.raceFirst(
    Effect.asVoid(live),
    Effect.callback<void, Exit>((resume) => {
      const gone = ({ code, message }: NodeJS.ErrnoException) =>
        resume(code === "EPIPE" ? Effect.void : endCommand(1, `standard output: ${message}`))
      process.stdout.on("error", gone)
      return Effect.sync(() => void process.stdout.off("error", gone))
    }),
  )

/** Text on standard output, and a line end. What a server has put into it does not steer the terminal; JSON stays what it is. */
export const print = (text: string): Effect.Effect<void> => write(`${terminalText(text)}\n`)

/** A complaint on standard error, secrets cut out. */
export const complain = (line: string): Effect.Effect<void> =>
  Effect.sync(() => writeError(`akonis: ${terminalText(redact(line))}\n`))

/** Says what is wrong, and ends the command with this status. */
export const endCommand = (status: 1 | 2, line: string): Effect.Effect<never, Exit> =>
  Effect.andThen(complain(line), new Exit({ status }))

/** Says what is wrong with the configuration or the data folder, without a stack trace, and chooses the exit status. */
export const explain = <A, R>(
  effect: Effect.Effect<A, ConfigError | StoreError | Exit, R>,
): Effect.Effect<A, Exit, R> =>
  effect.pipe(
    Effect.catchTags({
      ConfigError: ({ lines }) =>
        Effect.andThen(Effect.forEach(lines, complain, { discard: true }), new Exit({ status: 2 })),
      StoreError: ({ message }) => endCommand(1, message),
    }),
  )

/**
 * The tenant that a command is about. Where there are several, or children come and go and one is there by chance, `--tenant` has to name
 * it.
 */
export const tenantOf = (
  { source, tenants, flight_control }: Config,
  named: Option.Option<string>,
): Effect.Effect<TenantConfig, ConfigError> => {
  const only = tenants.length === 1 && flight_control === undefined ? tenants[0] : undefined
  const found = Option.isNone(named) ? only : tenants.find(({ id }) => id === named.value)
  if (found !== undefined) return Effect.succeed(found)
  const ids = tenants.map(({ id }) => id).join(", ")
  const left_out = flight_control === undefined ? "" : tellUnready(flight_control)
  const message =
    ids === "" ? "no child can be named yet: akonis run notes those that Falcon lists" : `name one of: ${ids}`
  const why = left_out === "" ? message : `${message}; ${left_out}`
  return Effect.fail(new ConfigError({ source, key: "--tenant", message: why }))
}

/** The tenant that a command is about, ready to work; no other one is opened, so that nothing of theirs can be in the way. */
export const openOne = (config: Config, named: Option.Option<string>) =>
  Effect.gen(function* () {
    const tenant = yield* tenantOf(config, named)
    const [running] = yield* boot({ ...config, tenants: [tenant] }, { version, env })
    return running!
  })
