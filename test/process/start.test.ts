import { describe, expect, test } from "bun:test"
import { intact } from "./harness.ts"
import { refusals } from "./scenarios/refusals.ts"
import { pythonCache, tornCache } from "./scenarios/stored-offsets.ts"

const timeout_ms = 240_000

describe("a start", () => {
  test.concurrent(
    "with a mistake ends with one message that names what is wrong, and no stack trace",
    async () => {
      for (const { mistake, printed, ...seen } of await refusals()) {
        const { status_asked } = seen
        const asked = { status: status_asked, status_asked, unsaid: [], messages: 1, has_stack: false }
        expect({ mistake, printed, ...seen }).toEqual({ mistake, printed, ...asked })
      }
    },
    timeout_ms,
  )

  test.concurrent(
    "is refused when cache.json is torn, with a way to recover and the file as it was",
    async () => {
      const { status, message, untouched } = await tornCache()
      expect({ status, untouched }).toEqual({ status: 1, untouched: true })
      expect(message).toMatch(/cache\.json is damaged.*Restore it from a backup.*or delete it/)
    },
    timeout_ms,
  )

  test.concurrent(
    "goes on where the Python module stopped",
    async () => {
      expect(await pythonCache(3_000)).toMatchObject({ ...intact, above: 2_990, below: 0 })
    },
    timeout_ms,
  )
})
