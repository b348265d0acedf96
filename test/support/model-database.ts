/** The simulation's model of a cluster's database, over a line without faults, for the tests that the real one passes. */
import { Effect } from "effect"
import type { Database } from "../../src/core/cluster/database.ts"
import { makeStore } from "../simulation/model/store.ts"
import { databaseOver } from "../simulation/run/database-line.ts"

/** A new one, with nothing in it. */
export const modelDatabase = (): Database => {
  const store = makeStore<undefined>({})
  return databaseOver((text, params) => Effect.sync(() => store(text, params, undefined)))
}
