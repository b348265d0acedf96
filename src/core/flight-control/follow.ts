/** Follows the children of a Flight Control parent for as long as the process lives: who is new, and who is gone. */
import { Clock, Effect, type FileSystem } from "effect"
import { FailedTry } from "../failed-try.ts"
import type { FalconError } from "../falcon/errors.ts"
import { monotonicMs } from "../monotonic.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { ChildBelief, shortList } from "./belief.ts"
import { readKnownChildren, writeKnownChildren } from "./known-children.ts"
import { flight_control as limits } from "./limits.ts"
import type { Children, Listing } from "./list-children.ts"

export interface FollowOptions<R, R2> {
  readonly data_dir: string
  readonly list: Effect.Effect<Listing, FalconError, R>
  /** Makes the tenants those of the children that are known by now, which lie on the disk; tells which of them cannot be started, or nothing. */
  readonly apply: Effect.Effect<string, never, R2>
  readonly health: Pick<HealthCell, "set">
  /** Ends when somebody wants the next listing now. */
  readonly wanted?: Effect.Effect<void>
}

/** Never ends, and never fails: while Falcon or the disk do not answer, the children that are known go on. */
export const followChildren = <R, R2>({
  data_dir,
  list,
  apply,
  health,
  wanted = Effect.never,
}: FollowOptions<R, R2>): Effect.Effect<never, never, R | R2 | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const belief = new ChildBelief()
    /** Those that were believed to be there last, should the file be gone. */
    let believed: Children = new Map()
    for (;;) {
      const round = Effect.gen(function* () {
        const noted = yield* readKnownChildren(data_dir)
        const known = noted ?? believed
        // The first failure is told, though the list may come with a later try.
        const listing = yield* Effect.provideService(list, FailedTry, (error) => health.set("degraded", unread(error)))
        const { children, doubt } = belief.learn(known, listing, monotonicMs(yield* Clock.Clock))
        if (noted === undefined || !isSame(known, children)) {
          yield* writeKnownChildren(data_dir, children)
          yield* tell(known, children)
        }
        believed = children
        return { doubt, unready: yield* apply }
      })
      const done = yield* Effect.result(round)
      if (done._tag === "Failure") {
        const detail = (done.failure._tag === "FalconError" ? unread : unstored)(done.failure)
        yield* health.set("degraded", detail)
        yield* Effect.logWarning(detail)
      } else {
        const { doubt, unready } = done.success
        if (doubt !== undefined) yield* Effect.logWarning(doubt)
        const detail = [doubt, unready].filter((text) => text !== undefined && text !== "").join("; ")
        yield* health.set(detail === "" ? "ok" : "degraded", detail)
      }
      const is_settled = done._tag === "Success" && done.success.doubt === undefined
      yield* Effect.raceFirst(Effect.sleep(is_settled ? limits.list_ms : limits.doubt_ms), wanted)
    }
  })

interface Told {
  readonly message: string
}

const unread = ({ message }: Told): string =>
  `the list of children cannot be read as a whole: ${message}; those that are known go on, and who is new or gone is not known until it can`

/** The file of those that are known can be neither read nor written. */
const unstored = ({ message }: Told): string =>
  `the children cannot be followed: ${message}; those that run go on, and none starts or stops until then`

const isSame = (one: Children, other: Children): boolean =>
  one.size === other.size && [...one].every(([cid, name]) => other.get(cid) === name)

const tell = (known: Children, children: Children): Effect.Effect<void> => {
  const without = (all: Children, others: Children) =>
    [...all].flatMap(([cid, name]) => (others.has(cid) ? [] : [name === "" ? cid : `${cid} "${name}"`]))
  const [added, gone] = [without(children, known), without(known, children)]
  return Effect.gen(function* () {
    if (added.length > 0) yield* Effect.logInfo(`children that are new: ${shortList(added)}`)
    if (gone.length > 0)
      yield* Effect.logWarning(
        `children that Falcon no longer lists, and that stop: ${shortList(gone)}; their folders stay`,
      )
  })
}
