/** One executable. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { stamp } from "./stamp.ts"

/** The checkout. */
export const root = resolve(import.meta.dir, "../..")

/** What lies in the folder that it is started in must not become part of it: a `bunfig.toml` runs code, an `.env` sets variables. */
const closed = ["--no-compile-autoload-bunfig", "--no-compile-autoload-dotenv"]

/**
 * `esm`: the default format cannot hold a top-level await together with bytecode. Bytecode halves the time to start; the source
 * map inside lets a stack trace name our own files and lines.
 */
const options = ["--compile", "--format=esm", "--minify", "--bytecode", "--splitting", "--sourcemap", ...closed]

/**
 * Compiles for a target, as Bun names it; for this machine when none is given. Answers the path of the executable, which for
 * Windows ends in `.exe`. Throws when it was not built.
 */
export const compile = (outfile: string, target?: string): string => {
  const path = resolve(root, outfile)
  mkdirSync(dirname(path), { recursive: true })
  // The compiler writes the name of the file into it, so it is built under one name, in a folder of its own.
  const folder = mkdtempSync(`${dirname(path)}/.build-`)
  try {
    const { commit, date } = stamp(root)
    const defined = { BUILD_COMMIT: commit, BUILD_DATE: date }
    const defines = Object.entries(defined).map(([name, value]) => `--define=${name}=${JSON.stringify(value)}`)
    const given = target === undefined ? [] : [`--target=${target}`]
    const command = [process.execPath, "build", ...options, ...given, ...defines, "src/main.ts"]
    const { exitCode, stderr } = Bun.spawnSync([...command, "--outfile", `${folder}/akonis`], {
      cwd: root,
      stdout: "ignore",
      stderr: "pipe",
    })
    const built = ["akonis", "akonis.exe"].map((name) => `${folder}/${name}`).find((name) => existsSync(name))
    if (exitCode !== 0 || built === undefined)
      throw new Error(`${outfile} was not built: the compiler ended with status ${exitCode}\n${stderr.toString()}`)
    const final = built.endsWith(".exe") && !path.endsWith(".exe") ? `${path}.exe` : path
    renameSync(built, final)
    chmodSync(final, 0o755)
    return final
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The size of a file, for people. */
export const sizeOf = (path: string): string => `${(statSync(path).size / 1e6).toFixed(1)} MB`
