/** Collects all garbage at once, where the runtime lets a program ask for it. */
import { runtime } from "./runtime.ts"

/**
 * Frees what nobody holds any more, old objects included, before it returns: under Bun that stops the
 * process for some 40 ms while 30 MB are in use. Does nothing under Deno and Node, which offer it only behind a flag. For work of which every step outlives the
 * collection of young objects (docs/decisions/0018); everything else leaves it to the runtime.
 */
export const collectGarbage = (): void => {
  if (runtime === "bun") Bun.gc(true)
}
