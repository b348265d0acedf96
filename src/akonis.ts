/** The product without its plugins: an entry gives it the list of those that ship. */
import { NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit as EffectExit, Scope } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { actions } from "./cli/actions.ts"
import { approvals } from "./cli/approvals.ts"
import { makeAssets } from "./cli/assets.ts"
import { call } from "./cli/call.ts"
import { catalog } from "./cli/catalog.ts"
import { check } from "./cli/check.ts"
import { cluster } from "./cli/cluster.ts"
import { configFlag, Exit, endCommand, Plugins } from "./cli/common.ts"
import { makeCompletions } from "./cli/completions.ts"
import { deadLetters } from "./cli/dead-letters.ts"
import { demo } from "./cli/demo.ts"
import { licences_flag } from "./cli/licences.ts"
import { makeMan } from "./cli/man.ts"
import { module } from "./cli/module.ts"
import { makeNew } from "./cli/new.ts"
import { operating } from "./cli/operate/commands.ts"
import { plugin } from "./cli/plugin.ts"
import { presenter } from "./cli/presenter.ts"
import { logListening, refuseIdle, run, runFromFile, serve, worker } from "./cli/run.ts"
import { simulate } from "./cli/simulate.ts"
import { type Config, loadConfig } from "./core/config/load.ts"
import { uses } from "./core/config/plugins.ts"
import type { Env } from "./core/config/read.ts"
import { ConfigError } from "./core/errors.ts"
import type { From, Listening } from "./core/http/server/listen.ts"
import type { AnyPlugin } from "./core/plugin.ts"
import { layerFiles } from "./core/store/files.ts"
import { redact } from "./core/telemetry/redact.ts"
import { loadOutside } from "./outside/load.ts"
import { by_signal } from "./reload.ts"
import { layerTelemetry, start } from "./start.ts"
import { version_text } from "./version.ts"

/**
 * The command line over these plugins. What it answers runs one command with its arguments; that fails with `Exit`, which holds
 * the exit status, once what is wrong has been printed.
 */
export const makeCli = (plugins: readonly AnyPlugin[]) => {
  const root: { command?: Command.Command.Any } = {}
  const whole = () => root.command!
  const akonis = Command.make("akonis", { config: configFlag }, ({ config }) => runFromFile("run", config)).pipe(
    Command.withDescription("Connects CrowdStrike Falcon to Sekoia.io. Without a command: run"),
    Command.withSubcommands([
      run,
      serve,
      worker,
      check,
      ...operating,
      actions,
      call,
      approvals,
      makeAssets(plugins),
      deadLetters,
      cluster,
      catalog,
      module,
      plugin,
      makeNew,
      simulate,
      demo,
      makeCompletions(whole),
      makeMan(whole),
    ]),
    Command.withGlobalFlags([licences_flag]),
  )
  root.command = akonis
  return (args: readonly string[]) =>
    Command.runWith(akonis, { version: version_text })(args).pipe(
      // The command line itself was wrong, which has been told.
      Effect.catchTag("ShowHelp", (help) => (help.errors.length > 0 ? new Exit({ status: 2 }) : Effect.void)),
      Effect.catchDefect((defect) =>
        endCommand(1, `unexpected error, please report it: ${Cause.pretty(Cause.die(defect))}`),
      ),
      Effect.provideService(Plugins, plugins),
      Effect.provide([
        NodeServices.layer,
        layerFiles,
        CliOutput.layerPresenter(presenter),
        // Completions and the log level have a command and a key of their own.
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
      ]),
    )
}

/** Where a server that is not ours listens. */
interface ForeignServer extends Listening {
  /** The command that has started it. */
  readonly by: string
}

export interface App {
  readonly fetch: (request: Request, from: From) => Response | Promise<Response>
  /** Waits for what is being carried out, and gives the data folder back. */
  readonly stop: () => Promise<void>
  /** Reads the configuration anew, as SIGHUP does; what came of it is logged. */
  readonly reload: () => Promise<void>
}

/**
 * The HTTP API over these plugins, for a runtime that brings its own server: reads the configuration, locks the data folder and
 * answers requests. Ends the process, with the reason on standard error, where that fails, when another process takes the
 * data folder, and when the server listens elsewhere than the configuration says.
 */
export const makeApp = async (
  plugins: readonly AnyPlugin[],
  { env, listening }: { readonly env: Env; readonly listening?: ForeignServer | undefined },
): Promise<App> => {
  const scope = Scope.makeUnsafe()
  const started = Effect.gen(function* () {
    const readAnew = Effect.tap(loadConfig({ env, plugins, uses: uses.actions, loadOutside }), (config) =>
      refuseIdle("serve", config),
    )
    const config = yield* readAnew
    if (listening !== undefined) yield* refuseElsewhere(config, listening)
    return yield* Effect.gen(function* () {
      const started = yield* start(config, { env, mode: "serve", readAnew })
      const { app, watch, work, reload } = started
      const watching = yield* Effect.forkScoped(Effect.raceFirst(watch, work))
      watching.addObserver((exit) => {
        if (EffectExit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) endWith(exit.cause, "goes on no longer")
      })
      if (listening !== undefined) yield* logListening(started.config, listening)
      const ask = Effect.suspend(() => reload?.ask({ ...by_signal, request_id: crypto.randomUUID() }) ?? Effect.void)
      return { fetch: app.fetch, reload: Effect.ignore(ask) }
    }).pipe(Effect.provide(layerTelemetry(config, env)))
  })
  const exit = await Effect.runPromiseExit(
    started.pipe(Effect.provide(layerFiles), Effect.provideService(Scope.Scope, scope)),
  )
  if (EffectExit.isFailure(exit)) return endWith(exit.cause, "cannot start")
  const { fetch, reload } = exit.value
  return {
    fetch,
    stop: () => Effect.runPromise(Scope.close(scope, EffectExit.void)),
    reload: () => Effect.runPromise(reload),
  }
}

/** A server that listens on more addresses than it should is no detail: it would be open to other machines. */
const refuseElsewhere = ({ server }: Config, { by, hostname, port }: ForeignServer) => {
  const loopback = ["127.0.0.1", "::1", "localhost"]
  const is_there = hostname === server.host || (server.host === "localhost" && loopback.includes(hostname))
  if (is_there && (server.port === port || server.port === 0)) return Effect.void
  const wanted = `--host ${server.host} --port ${server.port}`
  const message = `${by} listens on ${hostname}:${port}, and the configuration says ${server.host}:${server.port}; start it as ${by} ${wanted}, or as akonis serve, which listens where the configuration says`
  return Effect.fail(new ConfigError({ source: by, key: "server.host", message }))
}

/** 2 when the configuration is wrong, 1 for everything else. */
const endWith = (cause: Cause.Cause<unknown>, what: string): never => {
  const error = Cause.squash(cause)
  const lines = error instanceof ConfigError ? error.lines : [String(error)]
  process.stderr.write(lines.map((line) => `akonis ${what}: ${redact(line)}\n`).join(""))
  process.exit(error instanceof ConfigError ? 2 : 1)
}
