/** `akonis plugin check`: the conformance suite over a plugin from outside, and the tests beside it. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ConfigError } from "../core/errors.ts"
import { adapt } from "../outside/adapt.ts"
import type { Row } from "../outside/check/tried.ts"
import { loadDeclared, runTests } from "../outside/load.ts"
import { Exit, explain, jsonFlag, Plugins, print } from "./common.ts"
import { table } from "./table.ts"

const file = Argument.String("file").pipe(
  Argument.withDescription("The plugin's file, such as ./acme.ts; or the id of a plugin that ships"),
)

const settings = Flag.String("settings").pipe(
  Flag.withDescription("The keys below plugins.<id>, as JSON; the plugin's own example when left out"),
  Flag.withMetavar("JSON"),
  Flag.optional,
)

const check = Command.make("check", { file, settings, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const { conformance } = yield* Effect.promise(() => import("../outside/check/conformance.ts"))
      const given = flags.settings._tag === "Some" ? yield* parsed(flags.settings.value) : undefined
      const shipped = (yield* Plugins).find(({ id }) => id === flags.file)
      const rows: Row[] = []
      if (shipped !== undefined) rows.push(...(yield* Effect.promise(() => conformance(shipped, given ?? {}))))
      else {
        const path = resolve(flags.file)
        const declared = yield* Effect.mapError(
          loadDeclared(path),
          (message) => new ConfigError({ source: "plugin check", key: "", message }),
        )
        rows.push({ name: "declaration", status: "ok", detail: `${declared.id}, api ${declared.api}` })
        const config = given ?? declared.example ?? {}
        rows.push(...(yield* Effect.promise(() => conformance(adapt(declared), config))))
        const tests = path.replace(/\.([cm]?[jt]s)$/, ".test.$1")
        if (existsSync(tests)) rows.push(...(yield* runTests(tests)))
      }
      yield* print(
        flags.json
          ? JSON.stringify(rows, null, 2)
          : table(rows.map(({ status, name, detail }) => [status, name, detail])),
      )
      if (rows.some(({ status }) => status === "failed")) return yield* new Exit({ status: 1 })
    }),
  ),
).pipe(Command.withDescription("Try on a plugin what every plugin has to keep, and run the tests beside it"))

const parsed = (text: string) =>
  Effect.try({
    try: () => JSON.parse(text) as Readonly<Record<string, unknown>>,
    catch: (error) => new ConfigError({ source: "plugin check", key: "--settings", message: String(error) }),
  })

export const plugin = Command.make("plugin").pipe(
  Command.withDescription("Try a plugin of your own"),
  Command.withSubcommands([check]),
)
