import { expect, test } from "bun:test"
import { withLab } from "../process/harness.ts"
import { has_postgres, no_postgres } from "../support/postgres.ts"
import { openClusterLab } from "./lab.ts"

const sentence = "what a killed process of a cluster delivered is gone on with by another one, from what was committed"

test.skipIf(!has_postgres)(has_postgres ? sentence : `${sentence} ${no_postgres}`, () =>
  withLab(async (lab) => {
    const cluster = await openClusterLab(lab, 1, { partitions: 2, events_per_second: 200 })
    const first = await cluster.runner()
    await cluster.placedOn([first], 30_000)
    const second = await cluster.runner()
    await cluster.tenants[0]!.delivered(200)
    const owner = [...cluster.owners().values()][0]
    const [killed, other] = owner === first.name ? [first, second] : [second, first]
    killed.worker.child.kill("SIGKILL")
    await cluster.placedOn([other], 60_000)
    const books = await cluster.close(60_000)
    expect(books).toMatchObject({ lost: 0, corrupted: 0, out_of_order: 0 })
    // A batch of 100 for each of two partitions, and what shared a store with it.
    expect(books.repeated).toBeLessThanOrEqual(400)
  }),
)
