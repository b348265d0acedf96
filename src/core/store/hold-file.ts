/** Holds a name in a folder by a lock of the kernel on a file beside it (docs/decisions/0004). */
import { Effect, type PlatformError, type Scope } from "effect"
import { isBusy, openLocked } from "./lock.ts"

/** What this process holds: to open a file of these once more would give the kernel's lock back. */
const held = new Set<string>()

/** Locks `<path>.lock` until the scope closes; `false` where this process or another one has it. `wrong` makes the error of a file that cannot be locked. */
export const holdFile = (
  path: string,
  wrong: (path: string, error: unknown) => PlatformError.PlatformError,
): Effect.Effect<boolean, PlatformError.PlatformError, Scope.Scope> => {
  const file = `${path}.lock`
  const take = Effect.try({
    try: () => {
      if (held.has(file)) return undefined
      try {
        const database = openLocked(file, "anybody")
        held.add(file)
        return database
      } catch (error) {
        if (isBusy(error)) return undefined
        throw error
      }
    },
    catch: (error) => wrong(file, error),
  })
  return Effect.acquireRelease(take, (database) =>
    Effect.sync(() => {
      if (database === undefined) return
      database.close()
      held.delete(file)
    }),
  ).pipe(Effect.map((database) => database !== undefined))
}
