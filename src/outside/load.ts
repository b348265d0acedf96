/** `plugins.load`: plugins that do not ship, from files beside the configuration. */
import { realpathSync } from "node:fs"
import { dirname, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import type { Plugin } from "akonis/plugin"
import { Effect, type FileSystem } from "effect"
import type { LoadOutside } from "../core/config/outside.ts"
import { ConfigError } from "../core/errors.ts"
import type { AnyPlugin } from "../core/plugin.ts"
import { runtime } from "../core/runtime/runtime.ts"
import { cleanText } from "../core/text.ts"
import { adapt } from "./adapt.ts"
import type { Row } from "./check/tried.ts"
import { whyMisdeclared, wrongVersion } from "./declaration.ts"
import { readSources, type Sources } from "./files.ts"
import { outside } from "./limits.ts"
import { blameStrayErrors } from "./stray-errors.ts"

/**
 * Loads every plugin, in order. Fails with the key of the first that cannot be taken; what it holds by the next time is tried then. The code
 * of one that has been taken is loaded once.
 */
export const loadOutside = Effect.fnUntraced(function* ({
  source,
  paths,
  written,
  shipped,
}: Parameters<LoadOutside>[0]): Effect.fn.Return<readonly AnyPlugin[], ConfigError, FileSystem.FileSystem> {
  const loaded: AnyPlugin[] = []
  if (paths.length > outside.plugins_max)
    return yield* new ConfigError({
      source,
      key: "plugins.load",
      message: `must name at most ${outside.plugins_max} files`,
    })
  for (const [at, path] of paths.entries()) {
    const refused = (message: string) =>
      new ConfigError({ source, key: `plugins.load[${at}]`, message: cleanText(message, 2_000) })
    const full = resolve(dirname(source), path)
    const folder = written.find((one) => (realOr(full) + sep).startsWith(realOr(one) + sep))
    if (folder !== undefined)
      return yield* refused(`${path} lies in ${folder}, where akonis writes: nothing there is run`)
    const { declared, sources } = yield* Effect.mapError(declaredIn(full), refused)
    const why = whyTaken(declared, [...shipped, ...loaded])
    if (why !== undefined) {
      forget(sources)
      return yield* refused(`${path}: ${why}`)
    }
    for (const file of sources.files) taken.add(file.path)
    loaded.push(adapt(declared))
  }
  return loaded
})

const realOr = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

/** Source files of plugins that have been taken. */
const taken = new Set<string>()

/** Has Bun read and run these files again when they are imported next: it remembers a module that threw, too. */
const forget = ({ files }: Sources): void => {
  for (const { path } of files) if (!taken.has(path)) delete require.cache[path]
}

/** Runs every file that was read and has not run, because a name that another one imports is not there: Bun forgets only what has run. */
const runParts = ({ files: [, ...parts] }: Sources): Effect.Effect<void> =>
  Effect.forEach(parts, ({ path }) => Effect.ignore(Effect.tryPromise(() => import(pathToFileURL(path).href))), {
    discard: true,
  })

/** The checked declaration in a file; fails with a sentence that names the file. */
export const loadDeclared = (path: string): Effect.Effect<Plugin, string, FileSystem.FileSystem> =>
  Effect.map(declaredIn(path), ({ declared }) => declared)

const declaredIn = Effect.fnUntraced(function* (path: string) {
  const { sources, exported } = yield* evaluated(path)
  const why = whyMisdeclared(exported)
  if (why !== undefined) {
    forget(sources)
    return yield* Effect.fail(`${path}: ${why}`)
  }
  const declared = exported as Plugin
  blameStrayErrors(
    sources.files.map((file) => file.path),
    declared.id,
  )
  return { declared, sources }
})

/** Runs the tests of a file, one after the other. */
export const runTests = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<readonly Row[], never, FileSystem.FileSystem> {
  const failed = (name: string, why: string): Row => ({ name, status: "failed", detail: cleanText(why, 500) })
  const { takeTests } = yield* Effect.promise(() => import("./testing.ts"))
  takeTests()
  const loaded = yield* Effect.result(evaluated(path))
  if (loaded._tag === "Failure") return [failed("tests", loaded.failure)]
  const rows: Row[] = []
  for (const { name, body } of takeTests()) {
    const row = Effect.tryPromise({
      try: body,
      catch: (error) => (error instanceof Error ? error.message : String(error)),
    }).pipe(
      Effect.as<Row>({ name: `test: ${name}`, status: "ok", detail: "" }),
      Effect.catch((why) => Effect.succeed(failed(`test: ${name}`, why))),
    )
    rows.push(yield* row)
  }
  return rows
})

/** Reads, judges and evaluates a module, with our copies of what it may import. */
const evaluated = Effect.fnUntraced(function* (path: string) {
  if (runtime !== "bun") return yield* Effect.fail(`${path}: plugins from outside need Bun, or the compiled akonis`)
  const sources = yield* Effect.mapError(readSources(path, offered_names), ({ message }) => message)
  yield* offer
  const module = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(sources.entry).href) as Promise<{ readonly default?: unknown }>,
    catch: (error) => `${path}: ${whyNotEvaluated(error, sources)}`,
  }).pipe(
    Effect.tapError(() =>
      Effect.andThen(
        runParts(sources),
        Effect.sync(() => forget(sources)),
      ),
    ),
    Effect.timeoutOrElse({
      duration: outside.import_ms_max,
      // Bun waits for it for ever, whatever the file holds by then.
      orElse: () =>
        Effect.fail(
          `${path}: its top level did not end within ${outside.import_ms_max / 1_000} s; mend it, and restart akonis`,
        ),
    }),
  )
  return { sources, exported: module.default }
})

/** What a plugin may import, beside `node:…` and its own files. */
const offered_names = ["effect", "zod", "akonis/plugin", "akonis/plugin/testing"]

/** From now on these names lead to our copies, wherever they are imported. */
const offer = Effect.gen(function* () {
  if (is_offered) return
  is_offered = true
  // Before the names are taken: these imports are of the same names.
  const { offered } = yield* Effect.promise(() => import("./offered.ts"))
  Bun.plugin({
    name: "akonis",
    setup: (build) => {
      for (const [name, exports] of Object.entries(offered))
        build.module(name, () => ({ exports: { ...exports }, loader: "object" }))
      build.module("akonis/plugin/testing", async () => ({
        exports: { ...(await import("./testing.ts")) },
        loader: "object",
      }))
    },
  })
})
let is_offered = false

/** A newer version may have names that this one lacks: then the version is what is wrong. */
const whyNotEvaluated = (error: unknown, { files }: Sources): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const version = /\bapi:\s*(\d+)/.exec(files[0]!.text)?.[1]
  return version === undefined || version === "1"
    ? `it throws when it is loaded: ${text}`
    : wrongVersion(Number(version))
}

/** Why an id or a name of an action is not free. */
const whyTaken = ({ id, actions = [] }: Plugin, others: readonly AnyPlugin[]): string | undefined => {
  if (others.some((other) => other.id === id)) return `there is a plugin "${id}" already`
  for (const other of others)
    for (const { slug, alias } of other.actions) {
      const same = actions.find((action) => action.slug === slug || action.slug === alias)
      if (same !== undefined) return `its action ${same.slug} has a name that the plugin ${other.id} uses already`
    }
  return undefined
}
