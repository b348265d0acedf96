/**
 * Compiles the product into executables.
 *
 *     bun run build [--target bun-linux-arm64] [--outfile dist/akonis]     one, for this machine unless told
 *     bun run build --all [--outdir dist]                                  every target, SHA256SUMS and a CycloneDX SBOM
 *
 * Two builds of one commit are equal, byte for byte: the date that is stamped is the commit's, or `SOURCE_DATE_EPOCH`, and no path
 * of this machine goes in. Runtimes of other targets come from the npm registry and stay in Bun's cache.
 */
import { parseArgs } from "node:util"
import { buildAll } from "./build/all.ts"
import { compile, sizeOf } from "./build/compile.ts"

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    outdir: { type: "string", default: "dist" },
    target: { type: "string" },
    outfile: { type: "string", default: "dist/akonis" },
  },
})

try {
  if (values.all) await buildAll(values.outdir)
  else process.stdout.write(`${values.outfile}: ${sizeOf(compile(values.outfile, values.target))}\n`)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(1)
}
