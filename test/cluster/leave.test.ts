import { expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { Effect, Fiber } from "effect"
import { loadConfig } from "../../src/core/config/load.ts"
import { start } from "../../src/start.ts"
import { clusterUrl } from "../support/cluster-database.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"
import { freePort, has_postgres, no_postgres, postgres } from "../support/postgres.ts"

const sentence = "a process of a cluster that stops working gives its places back at once, while it still answers"

test.skipIf(!has_postgres)(has_postgres ? sentence : `${sentence} ${no_postgres}`, () =>
  onRealClock(
    Effect.gen(function* () {
      const database_url = yield* clusterUrl
      const folder = yield* temporaryFolder
      const runner_port = yield* Effect.promise(freePort)
      const file = `${folder}/akonis.yaml`
      const cluster = { database_url, runner_host: "127.0.0.1", runner_port }
      const client = { client_id: "c", client_secret: "a-secret-of-tests", base_url: "http://127.0.0.1:1" }
      writeFileSync(file, JSON.stringify({ ...client, data_dir: `${folder}/data`, cluster }))
      const { run } = yield* Effect.promise(postgres)
      const runners = () => run(database_url, "SELECT count(*) FROM akonis_runners")
      const config = yield* loadConfig({ file, env: {}, plugins: [] })
      const { work, app } = yield* start(config, { env: {}, mode: "run" })
      const working = yield* Effect.forkScoped(work)
      while (runners() !== "1") yield* Effect.sleep(20)
      yield* Fiber.interrupt(working)
      expect(runners()).toBe("0")
      const { status } = yield* Effect.promise(async () => app.fetch(new Request("http://127.0.0.1/health/live")))
      expect(status).toBe(200)
    }),
  ),
)
