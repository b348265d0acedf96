/** `akonis config`: the configuration in effect, and where each value came from. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { effectiveKeys } from "../../core/config/effective.ts"
import { readConfigTree } from "../../core/config/load.ts"
import { uses } from "../../core/config/plugins.ts"
import { configFlag, configOf, env, explain, jsonFlag, Plugins, print } from "../common.ts"
import { table } from "../table.ts"

/** The keys in effect, of the configuration that a command is given. */
export const effectiveOf = Effect.fnUntraced(function* (file: Parameters<typeof configOf>[0]) {
  const config = yield* configOf(file, uses.everything)
  const { tree } = yield* readConfigTree({
    file: file._tag === "Some" ? file.value : undefined,
    env,
    plugins: yield* Plugins,
    uses: uses.everything,
  })
  return { config, keys: effectiveKeys(config, tree, env) }
})

export const config = Command.make("config", { config: configFlag, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const { keys } = yield* effectiveOf(flags.config)
      if (flags.json) return yield* print(JSON.stringify(keys, null, 2))
      const rows = keys.map(({ key, value, from }) => [key, textOf(value), from])
      yield* print(table([["KEY", "VALUE", "FROM"], ...rows]))
    }),
  ),
).pipe(Command.withDescription("The configuration in effect, and where each value came from; secrets are hidden"))

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))
