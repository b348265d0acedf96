import { describe, expect, test } from "bun:test"
import { type Live, until, withLive } from "./live.ts"
import { makeObjectStore, type ObjectStore } from "./object-store.ts"

/** The module with its data path in a bucket. */
const withBucket = (
  options: Parameters<typeof withLive>[0],
  body: (live: Live, store: ObjectStore, settings: Readonly<Record<string, unknown>>) => Promise<void>,
) =>
  withLive(options, async (live) => {
    const store = makeObjectStore("playbooks")
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: store.fetch })
    const settings = {
      file_backend: "S3",
      aws_bucket_name: "playbooks",
      aws_default_region: "eu-west-3",
      aws_access_key_id: "an-access-key",
      aws_secret_access_key: "a-secret-access-key",
      aws_s3_endpoint_url: `http://127.0.0.1:${server.port}`,
      sub_folder: "runs/7 b",
    }
    try {
      await body(live, store, settings)
    } finally {
      await server.stop(true)
    }
  })

const intakeOf = ({ falcon }: Live) => ({
  connector_configuration: { intake_key: falcon.simulator.settings.intake_key },
  intake_url: falcon.url,
})
const delivered = ({ falcon }: Live) => falcon.simulator.account().total.delivered

/** What the newest container says of its health; nothing before it listens. */
const health = async ({ platform }: Live): Promise<string> => {
  const [, port] =
    /liveness on port (\d+)/.exec(
      platform.lines().findLast(({ message }) => /liveness/.test(message))?.message ?? "",
    ) ?? []
  return port === undefined
    ? ""
    : fetch(`http://127.0.0.1:${port}/health`).then(
        (answer) => answer.text(),
        () => "",
      )
}

describe("a data path in a bucket", () => {
  test("keeps the offsets of the event stream from one container to the next", () =>
    withBucket({ simulator: { events_per_partition: 500 } }, async (live, store, settings) => {
      const first = live.start("event_stream_trigger", { ...settings, ...intakeOf(live) })
      await until("all events", () => delivered(live) === 500)
      await first.stop()
      const cache = JSON.parse(store.objects.get("runs/7 b/cache.json") ?? "{}")
      expect(Object.values(cache).length).toBe(1)
      expect([...store.objects.keys()].filter((key) => !key.startsWith("runs/7 b/"))).toEqual([])

      const second = live.start("event_stream_trigger", { ...settings, ...intakeOf(live) })
      const readsOn = async () => (await health(live)).includes("reading")
      await until("it reads on", readsOn)
      await second.stop()
      expect(live.falcon.simulator.account().total).toMatchObject({ delivered: 500, repeated: 0 })
      expect(store.complaints).toEqual([])
    }))

  test("writes positions last", () =>
    withBucket(
      { simulator: { events_per_partition: 50, poison: [{ partition: 0, index: 7, kind: "malformed" }] } },
      async (live, store, settings) => {
        const { stop } = live.start("event_stream_trigger", { ...settings, ...intakeOf(live) })
        await until("all events", () => delivered(live) === 49)
        await stop()
        const [cache, letters] = ["cache.json", "dead-letters/"].map((name) =>
          store.puts.findIndex((key) => key.includes(name)),
        )
        expect(letters).toBeGreaterThanOrEqual(0)
        expect(cache).toBeGreaterThan(letters!)
      },
    ))

  test("that cannot be read is not taken for an empty one", () =>
    withBucket({ simulator: { events_per_partition: 5 } }, async (live, _, settings) => {
      const wrong = live.start("event_stream_trigger", { ...settings, ...intakeOf(live), aws_bucket_name: "another" })
      const exit = await wrong.ended
      expect(JSON.stringify(exit)).toContain("s3://another/runs/7 b")
      expect(delivered(live)).toBe(0)
    }))

  test("holds the files that arguments name; actions that need none run without it", () =>
    withBucket({ simulator: { hosts: 2 } }, async (live, store, settings) => {
      const pattern = "[file:hashes.MD5 = 'ab03a48a29967e738583140e6eb84f0b']"
      store.objects.set(
        "runs/7 b/stix.json",
        JSON.stringify([
          { type: "indicator", id: "indicator--6a1f2c1e-7f0b-4d5e-9d53-2f4b8c1f0a11", pattern_type: "stix", pattern },
        ]),
      )
      const push = async (stix_objects_path: string) => {
        await live.start("push_iocs_block", { ...settings, arguments: { stix_objects_path } }).ended
        return live.platform.end()
      }
      expect((await push("stix.json"))?.results).toMatchObject({ counts: { succeeded: 1 } })
      expect((await push("absent.json"))?.error).toContain("stix_objects_path")
      expect((await push("../8/stix.json"))?.error).toContain("stix_objects_path")
      store.state.failing = true
      await live.start("query_devices_by_filter", { ...settings, arguments: {} }).ended
      expect(live.platform.end()?.results).toMatchObject({ outcome: "success" })
      expect(live.platform.complaints).toEqual([])
    }))
})
