/** Files of installed packages, which the executable has inside. */
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { runtime } from "./runtime.ts"

/**
 * Reads `specifier` of an installed package; under Bun reads what `load` imports `with { type: "file" }`: the bundler puts that into
 * the executable and makes its path of it. Other runtimes know no such import, so `load` is not called there.
 */
export const packageFile =
  (specifier: string, load: () => Promise<{ readonly default: string }>) =>
  async (): Promise<Uint8Array<ArrayBuffer>> =>
    runtime === "bun"
      ? new Uint8Array(await Bun.file((await load()).default).arrayBuffer())
      : new Uint8Array(await readFile(fileURLToPath(import.meta.resolve(specifier))))
