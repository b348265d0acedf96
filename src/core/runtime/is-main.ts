/** Whether a module is the one that the process was started with. */
import { realpathSync } from "node:fs"

/** Node tells it by itself from version 24.2 on. */
export const isMain = ({ main, filename }: ImportMeta & { readonly main?: boolean }): boolean =>
  main ?? (process.argv[1] !== undefined && realpathSync(process.argv[1]) === filename)
