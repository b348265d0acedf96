import { describe, expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { besideEachOther, withoutTheRest } from "./scenarios/cuts.ts"

const timeout_ms = 240_000

describe("a deployment of a part", () => {
  test.concurrent(
    "may be a server and a worker beside each other on one data folder, and never two of a kind",
    async () => {
      const { health, acted, second, ...books } = await besideEachOther(2_000)
      expect(books).toMatchObject({ ...intact, delivered: 2_000, serve_status: 0 })
      expect(health.worker).toEqual(["event-stream"])
      expect(health.serve).not.toContain("event-stream")
      expect(health.serve).toContain("hosts")
      expect(acted.serve).not.toBe(503)
      expect(acted.worker).toBe(404)
      const refused = (whose: string) => ({ status: 1, said: expect.stringContaining(`(as its ${whose})`) })
      expect(second).toEqual({ serve: refused("server"), worker: refused("worker"), run: refused("worker") })
    },
    timeout_ms,
  )

  test.concurrent(
    "is asked for nothing that it does not use, not even a cache.json that can be read",
    async () => {
      const seen = Object.fromEntries((await withoutTheRest()).map(({ what, ...rest }) => [what, rest]))
      const printing = (text: string, status = 0) => ({ status, printed: expect.stringContaining(text) })
      expect(seen).toEqual({
        "an action without an intake key": printing("devices-actions"),
        "dead letters without credentials": printing("no dead letters"),
        "approvals without credentials": printing("asked by"),
        "a purge without credentials": printing("0 removed"),
        "a server of nothing": printing("serve has nothing to do: of what is on (event-stream)", 2),
        "a worker of nothing": printing("worker has nothing to do: of what is on (hosts)", 2),
        "a variable that means nothing": printing("AKONIS_DATADIR: there is no such variable", 2),
      })
    },
    timeout_ms,
  )
})
