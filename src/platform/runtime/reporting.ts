/** What every run has that ends by itself, of an action as of an inventory's cycle: it is told when it begins and how it ended. */
import { Cause, Effect, Exit, type FileSystem, type Scope } from "effect"
import type { Tree } from "../../core/config/read.ts"
import type { ConfigError } from "../../core/errors.ts"
import type { Http } from "../../core/http/client/http.ts"
import { layerLogging } from "../../core/telemetry/logging.ts"
import { makeActionLog } from "./log-lines.ts"
import { logOptions } from "./log-options.ts"
import type { Finished, PlatformError } from "./platform.ts"
import { ownEnv, type Runtime } from "./tenant.ts"
import { platformOf } from "./urls.ts"

export interface ReportingOptions {
  /** See `Platform.began`; true where it is left out. */
  readonly asks?: boolean
  /** How a run ends that is stopped from outside, where that is no failure. */
  readonly stopped?: () => Finished
}

/**
 * Tells the platform that the run has begun, runs it with the secrets that came back, and tells how it ended, also where it was
 * stopped or broke down. A run that could not be announced is not carried out. Fails when the platform did not take the end.
 */
export const reporting = <R>(
  runtime: Runtime,
  run: (secrets: Tree) => Effect.Effect<Finished, never, R>,
  more: ReportingOptions = {},
): Effect.Effect<void, ConfigError | PlatformError, R | FileSystem.FileSystem | Scope.Scope | Http> =>
  Effect.gen(function* () {
    const platform = yield* platformOf(runtime.settings)
    const log = makeActionLog()
    const options = logOptions(ownEnv(runtime.settings.env))
    const finished = yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(
          restore(Effect.flatMap(platform.began({ asks: more.asks ?? true }), run)).pipe(
            Effect.provide(layerLogging(options, [log.logger])),
          ),
        )
        if (Exit.isFailure(exit) && Cause.hasDies(exit.cause))
          yield* Effect.provide(
            Effect.logError(`unexpected error, please report it: ${Cause.pretty(exit.cause)}`),
            layerLogging(options),
          )
        const end = Exit.isSuccess(exit) ? exit.value : endOf(exit.cause, more)
        const logs = log.text()
        return yield* Effect.exit(platform.finished({ ...end, ...(logs !== "" && { logs }) }))
      }),
    )
    return yield* finished
  })

const endOf = (cause: Cause.Cause<PlatformError>, { stopped }: ReportingOptions): Finished => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some")
    return { error: `nothing was done, since the run could not be announced: ${error.value.message}` }
  if (!Cause.hasInterruptsOnly(cause))
    return {
      error: "akonis met an unexpected error, which its own log tells; whether anything was changed is not known",
    }
  const unknown = "akonis was stopped before this run was over; whether anything was changed is not known"
  return stopped?.() ?? { error: unknown }
}
