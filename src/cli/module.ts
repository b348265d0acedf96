/** `akonis module`: a module's container, as Sekoia's runtime starts it. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { layerNetwork } from "../core/tenant/boot.ts"
import { runModule } from "../platform/runtime/module.ts"
import { ownEnv } from "../platform/runtime/tenant.ts"
import { version } from "../version.ts"
import { endCommand, env, explain, Plugins } from "./common.ts"

const flags = {
  docker_parameters: Argument.String("docker_parameters").pipe(
    Argument.withDescription("What to run, as the files of `akonis catalog` name it"),
  ),
  folder: Flag.String("symphony").pipe(
    Flag.withDescription("Where the runtime's settings lie"),
    Flag.withMetavar("DIR"),
    Flag.withDefault("/symphony"),
  ),
  data_folder: Flag.String("symphony-data").pipe(
    Flag.withDescription("Where the runtime keeps data"),
    Flag.withMetavar("DIR"),
    Flag.withDefault("/symphony_data"),
  ),
}

export const module = Command.make("module", flags, ({ docker_parameters, ...folders }) =>
  explain(
    Effect.gen(function* () {
      const plugins = yield* Plugins
      const network = yield* layerNetwork({ source: "environment" }, { version, env: ownEnv(env) })
      yield* runModule(docker_parameters, { ...folders, plugins, env, network })
    }).pipe(Effect.catchTag("PlatformError", ({ message }) => endCommand(1, message))),
  ),
).pipe(Command.withDescription("Behave as Sekoia's runtime expects of a module's container"))
