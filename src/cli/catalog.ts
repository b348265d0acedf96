/** `akonis catalog`: the folder of the module, as Sekoia's library takes it. */
import { resolve } from "node:path"
import { Effect, FileSystem } from "effect"
import { Command, Flag } from "effect/cli"
import { ConfigError } from "../core/errors.ts"
import { systemWords } from "../core/store/regular-file.ts"
import { catalogueFiles } from "../platform/catalogue/files.ts"
import { version } from "../version.ts"
import { complain, explain, Plugins } from "./common.ts"

const flags = {
  out: Flag.String("out").pipe(
    Flag.withDescription("Folder to write to; made when it is not there, files of the same names are replaced"),
    Flag.withMetavar("DIR"),
  ),
  all: Flag.Boolean("all").pipe(
    Flag.withDescription("List everything Akonis can do, and not only what the specification lists"),
    Flag.withDefault(false),
  ),
}

export const catalog = Command.make("catalog", flags, ({ out, all }) =>
  explain(
    Effect.gen(function* () {
      const files = Object.entries(catalogueFiles(yield* Plugins, { version, all }))
      yield* writeAll(out, files).pipe(
        Effect.mapError(
          (error) => new ConfigError({ source: "catalog", key: "--out", message: `${out}: ${systemWords(error)}` }),
        ),
      )
      yield* complain(`${files.length} files written to ${resolve(out)}`)
    }),
  ),
).pipe(Command.withDescription("Write the files of the Sekoia module: manifest, connectors, trigger, actions"))

const writeAll = Effect.fnUntraced(function* (out: string, files: readonly (readonly [string, string])[]) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(out, { recursive: true })
  yield* Effect.forEach(files, ([name, text]) => fs.writeFileString(`${out}/${name}`, text), { discard: true })
})
