/** `akonis --licences`: what the executable is made of, and under which licences. */
import { Flag, GlobalFlag } from "effect/cli"
import packages from "../licences.json" with { type: "json" }
import { version } from "../version.ts"
import { write } from "./common.ts"

export const licences_flag = GlobalFlag.Action({
  flag: Flag.Boolean("licences").pipe(
    Flag.withDescription("Show what Akonis is made of, and under which licences"),
    Flag.withDefault(false),
  ),
  run: () => write(text()),
})

const text = (): string => {
  const rule = "-".repeat(72)
  const parts = packages.map((one) => `${rule}\n${one.name} ${one.version}: ${one.licence}\n\n${one.text}\n`)
  return [`Akonis ${version} is MIT-licensed. It carries ${packages.length} other works:\n`, ...parts].join("\n")
}
