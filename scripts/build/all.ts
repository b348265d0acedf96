/** Every executable that is published, with what goes beside them. */
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, resolve } from "node:path"
import manifest from "../../package.json" with { type: "json" }
import { compile, root, sizeOf } from "./compile.ts"
import { sbom } from "./sbom.ts"
import { stamp } from "./stamp.ts"

/**
 * By the name of the executable. The x64 runtimes are Bun's `baseline`, for processors without AVX2; of Bun 1.4.5 the other ones
 * are the same files, byte for byte, so there is one executable for every x64 processor.
 */
const targets = {
  "akonis-linux-x64": "bun-linux-x64-baseline",
  "akonis-linux-x64-musl": "bun-linux-x64-musl-baseline",
  "akonis-linux-arm64": "bun-linux-arm64",
  "akonis-linux-arm64-musl": "bun-linux-arm64-musl",
  "akonis-darwin-arm64": "bun-darwin-arm64",
  "akonis-windows-x64.exe": "bun-windows-x64-baseline",
} as const

/** Builds all of them into a folder, with a bill of materials and the sums of all files. Throws at the first that cannot be built. */
export const buildAll = async (outdir: string): Promise<void> => {
  const folder = resolve(outdir)
  mkdirSync(folder, { recursive: true })
  const files = Object.entries(targets).map(([name, target]) => {
    const path = compile(`${folder}/${name}`, target)
    process.stdout.write(`${basename(path)}: ${sizeOf(path)}\n`)
    return path
  })
  const bill = `${folder}/akonis.cdx.json`
  writeFileSync(bill, `${JSON.stringify(sbom(manifest.version, stamp(root)), null, 2)}\n`)
  const sums = [...files, bill].map((path) => `${sha256(path)}  ${basename(path)}\n`)
  writeFileSync(`${folder}/SHA256SUMS`, sums.join(""))
  process.stdout.write("akonis.cdx.json\nSHA256SUMS\n")
}

const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex")
