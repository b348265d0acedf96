/**
 * What `akonis new plugin` writes, gathered while the executable is built: the example and the types that an editor needs, so that
 * writing a plugin takes neither a network nor node_modules.
 */
import { readFileSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import { gzipSync } from "node:zlib"

const root = resolve(import.meta.dir, "../../..")
const read = (path: string): string => readFileSync(resolve(root, path), "utf8")

/** Files by path, as JSON, gzipped, in base64. Runs as a macro of the bundler: see `scaffold.ts`. */
export const packed = (): string => {
  const files = {
    "ping-host.ts": read("examples/ping-host/ping-host.ts"),
    "ping-host.test.ts": read("examples/ping-host/ping-host.test.ts"),
    "types/akonis-plugin.d.ts": read("src/outside/akonis-plugin.d.ts"),
    "types/akonis-plugin-testing.d.ts": read("src/outside/akonis-plugin-testing.d.ts"),
    ...typesOf("effect", "node_modules/effect/dist/index.d.ts"),
    ...typesOf("zod", "node_modules/zod/index.d.ts"),
  }
  return gzipSync(JSON.stringify(files)).toString("base64")
}

/** The declarations that a package's entry leads to, without their comments, and its licence, which wants to go with them. */
const typesOf = (name: string, entry: string): Record<string, string> => {
  const folder = resolve(root, dirname(entry))
  const files: Record<string, string> = { [`types/${name}/LICENSE`]: read(`node_modules/${name}/LICENSE`) }
  const waiting = [resolve(root, entry)]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const to = `types/${name}/${relative(folder, path)}`
    if (files[to] !== undefined) continue
    const text = readFileSync(path, "utf8")
      .replace(/\/\*\*[\s\S]*?\*\//g, "")
      .replace(/^\/\/# source.*$/gm, "")
    files[to] = `${text.replace(/\n\s*\n+/g, "\n").trim()}\n`
    for (const [, target] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g))
      waiting.push(resolve(dirname(path), target!.replace(/\.(ts|js)$/, ".d.ts")))
  }
  return files
}
