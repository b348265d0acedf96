/** The entry for runtimes at the edge: the actions behind a `fetch` handler, without a disk and without a process. */
import { type EdgeOptions, type Handler, makeHandler } from "./edge/handler.ts"
import { acting_plugins } from "./plugins/acting.ts"

export type { Handler } from "./edge/handler.ts"
export type { KeyValueStore } from "./edge/store.ts"

/** Log lines go to the console when `log` is not given. */
export type EdgeConfig = Omit<EdgeOptions, "log"> & Partial<Pick<EdgeOptions, "log">>

/**
 * Answers actions, catalogue, OpenAPI and health as `akonis serve` does. Throws a `ConfigError` when the configuration is wrong, or asks for
 * what needs a data folder.
 */
export const createHandler = (config: EdgeConfig): Handler =>
  makeHandler(acting_plugins, { log: logToConsole, ...config })

// biome-ignore lint/suspicious/noConsole: where there is no process, this is where lines go.
const logToConsole = (line: string): void => console.log(line)
