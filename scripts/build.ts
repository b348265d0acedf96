/**
 * Compiles the product into one executable: `bun run build [--target bun-linux-arm64] [--outfile dist/akonis]`.
 * Bytecode halves the time to start; the source map inside lets a stack trace name our own files and lines.
 */
import { existsSync, rmSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string", default: "dist/akonis" } },
})
const root = resolve(import.meta.dir, "..")
const outfile = resolve(root, values.outfile)

// What lies in the folder that it is started in must not become part of it: a `bunfig.toml` runs code, an `.env` sets variables.
const closed = ["--no-compile-autoload-bunfig", "--no-compile-autoload-dotenv"]
// `esm`: the default format cannot hold a top-level await together with bytecode.
const options = ["--compile", "--format=esm", "--minify", "--bytecode", "--sourcemap", ...closed]
if (values.target !== undefined) options.push(`--target=${values.target}`)
const command = [process.execPath, "build", ...options, "src/main.ts", "--outfile", outfile]

const { exitCode } = Bun.spawnSync(command, { cwd: root, stdout: "inherit", stderr: "inherit" })
if (exitCode !== 0) {
  process.stderr.write(`${values.outfile} was not built: the compiler ended with status ${exitCode}\n`)
  process.exit(1)
}
// The map is in the executable as well.
rmSync(`${outfile}.map`, { force: true })
const built = existsSync(outfile) ? outfile : `${outfile}.exe`
process.stdout.write(`${values.outfile}: ${(statSync(built).size / 1e6).toFixed(1)} MB\n`)
