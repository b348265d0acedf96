/** `akonis --licences`: what the executable is made of, and under which licences. */
import { Effect } from "effect"
import { Flag, GlobalFlag } from "effect/cli"
import { version } from "../version.ts"
import { write } from "./common.ts"

export const licences_flag = GlobalFlag.Action({
  flag: Flag.Boolean("licences").pipe(
    Flag.withDescription("Show what Akonis is made of, and under which licences"),
    Flag.withDefault(false),
  ),
  run: () => Effect.flatMap(licences, (packages) => write(text(packages))),
})

const licences = Effect.map(
  Effect.promise(() => import("../licences.json", { with: { type: "json" } })),
  (module) => module.default,
)

const text = (packages: Effect.Success<typeof licences>): string => {
  const rule = "-".repeat(72)
  const parts = packages.map((one) => `${rule}\n${one.name} ${one.version}: ${one.licence}\n\n${one.text}\n`)
  return [`Akonis ${version} is MIT-licensed. It carries ${packages.length} other works:\n`, ...parts].join("\n")
}
