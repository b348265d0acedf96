/** Who of a cluster's processes has something for itself. */
import { expect, test } from "bun:test"
import { Effect, FileSystem } from "effect"
import { clusterDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock } from "../../../test/support/effect.ts"
import { has_postgres, no_postgres } from "../../../test/support/postgres.ts"
import { hold } from "../store/alone.ts"
import { sharedFiles } from "./stored-files.ts"

const name =
  "what one process of a cluster holds no other one has, until it gives it back; other tenants have their own"

test.skipIf(!has_postgres)(has_postgres ? name : `${name} ${no_postgres}`, () =>
  onRealClock(
    Effect.gen(function* () {
      const db = yield* clusterDatabase
      const disk = yield* FileSystem.FileSystem
      const held = (id: string, data_dir: string) =>
        hold(sharedFiles(db, { id, data_dir }, disk), `${data_dir}/dead-letters`)
      yield* Effect.scoped(
        Effect.gen(function* () {
          expect(yield* held("acme", "one/acme")).toBe(true)
          expect([yield* held("acme", "other/acme"), yield* held("other", "one/other")]).toEqual([false, true])
        }),
      )
      expect(yield* Effect.scoped(held("acme", "other/acme"))).toBe(true)
    }),
  ),
)
