import { expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { manyFeeds } from "./scenarios/feeds.ts"

test("600 feeds deliver while 200 actions wait for a slow Falcon, and actions answer once it is back", async () => {
  const seen = await manyFeeds({ partitions: 600, events: 5, hanging: 200 })
  expect(seen).toMatchObject({ ...intact, delivered: 3_000, action_status: 200, health: "ok" })
}, 240_000)
