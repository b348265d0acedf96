/**
 * Errors that nobody awaits: thrown in a timer, or a promise that is rejected and forgotten. They end a process. Those of a plugin
 * from outside must not: they are told to its health, and everything else goes on.
 */
import { basename } from "node:path"
import { redact } from "../core/telemetry/redact.ts"

type Tell = (error: unknown) => void

/** By source file. */
const plugins = new Map<string, string>()
const listeners = new Map<string, Set<Tell>>()
let is_process = false

/** For the entry of a process: once a plugin from outside is loaded, its stray errors do not end this process. */
export const outliveStrayErrors = (): void => {
  is_process = true
}

/** From now on a stray error whose stack leads into one of these files is the plugin's. */
export const blameStrayErrors = (files: readonly string[], plugin_id: string): void => {
  if (is_process && plugins.size === 0) {
    process.on("uncaughtException", judge)
    process.on("unhandledRejection", judge)
  }
  for (const file of files) plugins.set(file, plugin_id)
}

/** Tells of the stray errors of a plugin, for as long as the process lives. */
export const onStrayErrors = (plugin_id: string, tell: Tell): void => {
  const all = listeners.get(plugin_id) ?? new Set()
  listeners.set(plugin_id, all)
  all.add(tell)
}

/** The plugins that an error comes from; all of them when it names no file at all, since our own errors do. */
const blamed = (error: unknown): readonly string[] => {
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  if (!/:\d+:\d+/.test(stack)) return [...new Set(plugins.values())]
  return [...new Set([...plugins].flatMap(([file, plugin_id]) => (stack.includes(file) ? [plugin_id] : [])))]
}

/** The first line of a plugin's source in the stack of an error, such as `acme.ts:12:7`. */
export const placeIn = (error: unknown): string | undefined => {
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  for (const [, path, place] of stack.matchAll(/(\/[^\s():]+)(:\d+:\d+)/g))
    if (plugins.has(path!)) return `${basename(path!)}${place}`
  return undefined
}

const judge = (error: unknown): void => {
  const from = blamed(error)
  if (from.length === 0) {
    // As without us: it is a mistake of ours, and nobody knows in which state it leaves things.
    process.stderr.write(`${redact(String(error instanceof Error ? error.stack : error))}\n`)
    process.exit(1)
  }
  for (const id of from) for (const tell of listeners.get(id) ?? []) tell(error)
}
