/** `akonis new plugin`: a plugin that works, with its tests and the types that an editor needs. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { ConfigError } from "../core/errors.ts"
import { runtime } from "../core/runtime/runtime.ts"
import { explain, Plugins, print } from "./common.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription("Its id and its folder: lower-case letters, digits and dashes"),
)

const wrong = (key: string, message: string) => new ConfigError({ source: "new plugin", key, message })

const plugin = Command.make("plugin", { name }, (given) =>
  explain(
    Effect.gen(function* () {
      if (runtime !== "bun") return yield* wrong("", "plugins from outside need Bun, or the compiled akonis")
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(given.name) || given.name.length < 2 || given.name.length > 40)
        return yield* wrong("NAME", "must be 2 to 40 lower-case letters, digits or dashes")
      if ((yield* Plugins).some(({ id }) => id === given.name))
        return yield* wrong("NAME", `${given.name} is a plugin that ships; choose another name`)
      const folder = resolve(given.name)
      if (existsSync(folder)) return yield* wrong("NAME", `${folder} is there already; nothing was written`)
      const { scaffold } = yield* Effect.promise(() => import("../outside/new/scaffold.ts"))
      yield* Effect.try({
        try: () => write(folder, scaffold(given.name)),
        catch: (error) => wrong("NAME", `${folder} cannot be written: ${error}`),
      })
      yield* print(`${given.name}/${given.name}.ts is a plugin that works, ${given.name}.test.ts are its tests.`)
      yield* print(`Try it:       akonis plugin check ${given.name}/${given.name}.ts`)
      yield* print(`Switch it on: plugins: { load: [./${given.name}/${given.name}.ts] } in akonis.yaml`)
    }),
  ),
).pipe(Command.withDescription("Write a new plugin into a folder of its name"))

/** Nobody else may write them: they would be refused. */
const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    const to = resolve(folder, path)
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
    writeFileSync(to, text, { mode: 0o644 })
  }
}

export const makeNew = Command.make("new").pipe(
  Command.withDescription("Begin a plugin of your own"),
  Command.withSubcommands([plugin]),
)
