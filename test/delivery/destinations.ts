/** The destinations that events are delivered to, for promises that hold whichever it is. */
import { Effect } from "effect"
import type { World } from "../support/world.ts"

export interface TestedDestination {
  /** Starts the worker with this destination and these further keys of `plugins.event-stream`. */
  readonly start: (world: World, keys?: Readonly<Record<string, unknown>>) => World["start"]
  /** What it has taken, in the books of the simulator. */
  readonly account: (world: World) => Effect.Effect<ReturnType<World["simulator"]["account"]>>
}

const configuration = (keys: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ plugins: { "event-stream": keys } })

const intake: TestedDestination = {
  start: (world, keys = {}) => world.startWith(configuration(keys)),
  account: (world) => Effect.sync(() => world.simulator.account()),
}

const lines_per_post = 1_000
/** Lines of each world's file that are in the books already. */
const counted = new WeakMap<World, number>()

/** Posts what is safe on the disk to the intake of the simulator, which keeps the books. */
const file: TestedDestination = {
  start: (world, keys = {}) =>
    world.startWith(configuration({ ...keys, destination: "ndjson", ndjson: { path: "all.ndjson" } })),
  account: (world) =>
    Effect.promise(async () => {
      const { simulator, disk } = world
      const lines = (disk.readSafe("data/all.ndjson") ?? "").split("\n").slice(0, -1)
      for (let from = counted.get(world) ?? 0; from < lines.length; from += lines_per_post) {
        const jsons = lines.slice(from, from + lines_per_post)
        const body = JSON.stringify({ intake_key: simulator.settings.intake_key, jsons })
        const headers = { "content-type": "application/json" }
        const answer = await simulator.fetch(new Request("http://falcon.test/batch", { method: "POST", headers, body }))
        if (answer.status !== 200) throw new Error(`the books do not take lines of the file: ${answer.status}`)
      }
      counted.set(world, lines.length)
      return simulator.account()
    }),
}

/** By name. */
export const destinations: readonly (readonly [string, TestedDestination])[] = [
  ["to Sekoia's intake", intake],
  ["to a file of NDJSON", file],
]
