import { expect, test } from "bun:test"
import { Effect, Redacted } from "effect"
import { onTestClock } from "../../../test/support/effect.ts"
import { loadConfig } from "./load.ts"

const load = (cluster: unknown, env = {}) =>
  loadConfig({
    given: {
      source: "akonis.yaml",
      tree: { client_id: "c", client_secret: "s3cret-of-falcon", ...(cluster === undefined ? {} : { cluster }) },
    },
    env,
    plugins: [],
  })
const url = "postgres://akonis:pass-word-1@db/akonis"

test("without a cluster block there is no cluster", () =>
  onTestClock(Effect.map(load(undefined), (config) => expect(config.cluster).toBeUndefined())))

test("a cluster block may come from the environment alone, its secret in a variable", () =>
  onTestClock(
    Effect.gen(function* () {
      const { cluster } = yield* load(undefined, { AKONIS_DATABASE_URL: url, AKONIS_RUNNER_HOST: "10.0.0.7" })
      expect(Redacted.value(yield* cluster!.database_url.value)).toBe(url)
      expect([cluster!.runner_host, cluster!.runner_port, cluster!.connections_max]).toEqual(["10.0.0.7", 34_431, 10])
      expect(JSON.stringify(cluster)).not.toContain("pass-word-1")
    }),
  ))

test.each([
  [
    {},
    "cluster.database_url: is missing; set cluster.database_url, or database_url_file, or AKONIS_DATABASE_URL, or AKONIS_DATABASE_URL_FILE",
  ],
  [{ database_url: url }, "cluster.runner_host: is missing; set cluster.runner_host, or AKONIS_RUNNER_HOST"],
  [
    { database_url: url, runner_host: "http://a" },
    "cluster.runner_host: must be a name or an address, without scheme and port",
  ],
  [{ database_url: url, runner_host: "a", connections_max: 1 }, "cluster.connections_max: must be at least 3"],
  [{ database_url: url, runner_host: "a", runner: 1 }, "cluster.runner: there is no such key"],
])("the cluster block %p is refused with a text that says what to set", (cluster, text) =>
  onTestClock(
    Effect.map(Effect.flip(load(cluster)), (error) => expect(error.lines.join("\n")).toContain(`akonis.yaml: ${text}`)),
  ),
)
