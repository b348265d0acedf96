/**
 * The source files of a plugin, looked at before any of them runs: who may write them, what they import. A plugin runs with the
 * rights and the secrets of this process, so whoever may write one of its files has them, too.
 */
import { lstatSync, realpathSync, type Stats, statSync } from "node:fs"
import { dirname, resolve, sep } from "node:path"
import { Data, Effect, type FileSystem } from "effect"
import { readRegular, whyUnread } from "../core/store/regular-file.ts"
import { outside } from "./limits.ts"

/** A file that cannot be taken, and why, in the operator's words. */
class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

const refusal = (path: string, why: string): Refused => new Refused({ message: `${path}: ${why}` })

export interface Sources {
  /** The plugin's own file, links followed. */
  readonly entry: string
  /** Every file, the entry first. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/** What a plugin may import beside `node:…` and its own files. */
export type Offered = readonly string[]

/**
 * Reads a plugin's file and whatever it imports by a relative path. Refuses files that somebody else may write, files outside of the
 * entry's folder, and imports that are not offered. A computed `import()` is not seen.
 */
export const readSources = (path: string, offered: Offered): Effect.Effect<Sources, Refused, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const entry = yield* looked(path)
    const root = dirname(entry)
    const files: { path: string; text: string }[] = []
    const waiting = [entry]
    const seen = new Set(waiting)
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (files.length === outside.files_max)
        return yield* refuse(file, `a plugin has at most ${outside.files_max} files`)
      const { text } = yield* readRegular(file, outside.file_bytes_max).pipe(
        Effect.mapError((error) => refusal(file!, whyUnread(error))),
      )
      files.push({ path: file, text })
      for (const name of yield* importsOf(file, text)) {
        if (offered.includes(name) || name.startsWith("node:")) continue
        if (!name.startsWith("."))
          return yield* refuse(
            file,
            `it imports "${name}"; a plugin may import ${offered.join(", ")}, node:… and its own files`,
          )
        const named = resolve(dirname(file), name)
        const target = named.startsWith(root + sep) ? yield* looked(named) : named
        if (!target.startsWith(root + sep))
          return yield* refuse(file, `it imports "${name}", which lies outside of ${root}`)
        if (!seen.has(target)) waiting.push(target)
        seen.add(target)
      }
    }
    return { entry, files }
  })

const refuse = (path: string, why: string) => Effect.fail(refusal(path, why))

/** The file that a path leads to, once neither it nor a folder above it can be written by strangers. */
const looked = (path: string) =>
  Effect.try({
    try: () => {
      const real = realpathSync(path)
      const why = whyUnsafe(real)
      if (why !== undefined) throw refusal(real, why)
      return real
    },
    catch: (error) => (error instanceof Refused ? error : refusal(path, systemReason(error))),
  })

const systemReason = (error: unknown): string => {
  const code = (error as { readonly code?: string }).code
  if (code === "ENOENT") return "no such file"
  return code === "EACCES" ? "permission denied for this user" : `it cannot be looked at (${code ?? error})`
}

/** Why somebody else may change what a file holds, or put another one in its place; `undefined` when nobody can. */
const whyUnsafe = (path: string): string | undefined => {
  const info = lstatSync(path)
  if (!info.isFile()) return info.isDirectory() ? "it is a folder, no regular file" : "it is no regular file"
  const why = whyWritable(info)
  if (why !== undefined)
    return `${why}; a plugin has the rights of akonis: chown it to root or to the user that runs akonis, chmod go-w`
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const above = statSync(folder)
    // In a folder such as /tmp only the owner of a file may replace it.
    const is_sticky = (above.mode & 0o1000) !== 0
    const open = is_sticky ? whyForeign(above) : whyWritable(above)
    if (open !== undefined)
      return `its folder ${folder} ${open.slice("it ".length)}, so that the file could be replaced`
    if (folder === dirname(folder)) return undefined
  }
}

/** Windows has other rights, which `mode` does not tell. */
const is_posix = process.platform !== "win32"

const whyForeign = ({ uid }: Stats): string | undefined =>
  is_posix && uid !== 0 && uid !== process.getuid?.() ? "it belongs to another user" : undefined

/** A group of one's own is the custom of many systems; any other group holds strangers. */
const whyWritable = (info: Stats): string | undefined => {
  if (!is_posix) return undefined
  if ((info.mode & 0o002) !== 0) return "it can be written by everybody"
  if ((info.mode & 0o020) !== 0 && info.gid !== process.getgid?.()) return "it can be written by a group"
  return whyForeign(info)
}

/** Types are gone by then: an import of types only does not count. */
const importsOf = (path: string, text: string) =>
  Effect.try({
    try: () =>
      new Bun.Transpiler({ loader: path.endsWith(".ts") ? "ts" : "js" }).scanImports(text).map(({ path }) => path),
    catch: (error) => refusal(path, `it cannot be read as TypeScript: ${firstLine(error)}`),
  })

const firstLine = (error: unknown): string => String(error).split("\n", 1)[0]!
