import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { plainBytes } from "./tokens.ts"

const bytes = fc.uint8Array({ minLength: 4, maxLength: 4 })
const isSpecial = (byte: number) => byte < 0x20 || byte === 0x22 || byte === 0x5c

describe("Four bytes looked at in one go", () => {
  test("tell where the first quote, backslash or control character stands, whatever is beside it", () => {
    fc.assert(
      fc.property(bytes, fc.nat(3), fc.nat(255), (four, place, byte) => {
        four[place] = byte
        const plain = plainBytes(new DataView(four.buffer).getInt32(0, true))
        expect(plain < 4 ? plain : -1).toBe(four.findIndex(isSpecial))
      }),
      { seed: 1, numRuns: 20_000 },
    )
  })
})
