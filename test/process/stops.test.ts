import { describe, expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { stopUnderLoad, stopWhileIntakeHangs } from "./scenarios/stops.ts"

/** What a stop may take. These run one after the other, since they measure it. */
const stop_ms_max = 5_000

describe("SIGTERM", () => {
  test("under load delivers and commits what is in hand, and ends with status 0", async () => {
    const seen = await stopUnderLoad({ stops: 1, partitions: 3, events: 36_000, intake_delay_ms: 80 })
    expect(seen).toMatchObject({ ...intact, delivered: 36_000, statuses: [0] })
    expect(seen.slowest_stop_ms).toBeLessThan(stop_ms_max)
  }, 120_000)

  test("ends the process although the intake hangs, and at once when it comes again", async () => {
    const seen = await stopWhileIntakeHangs(8_000)
    expect(seen).toMatchObject({ ...intact, delivered: 8_000, status: 0 })
    expect(seen.stop_ms).toBeLessThan(stop_ms_max)
    expect(seen.second_signal_ms).toBeLessThan(2_000)
  }, 120_000)
})
