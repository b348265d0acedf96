import { describe, expect, test } from "bun:test"
import { whyTooCostly } from "./json-size.ts"

const bounds = { depth_max: 4, values_max: 20, keys_max: 3 }
const why = (text: string) => whyTooCostly(text, bounds)

describe("what parsing a text would cost", () => {
  test("is told before it is parsed: depth, values, keys", () => {
    expect(why("[[[[1]]]]")).toBeUndefined()
    expect(why("[[[[[1]]]]]")).toContain("deeper than 4")
    expect(why("[".repeat(1_000_000))).toContain("deeper than 4")
    expect(why(`[${"0,".repeat(15)}0]`)).toBeUndefined()
    expect(why(`[${"0,".repeat(30)}0]`)).toContain("more than 20 values")
    expect(why(`[${"[],".repeat(15)}0]`)).toContain("more than 20 values")
    expect(why('{"a":1,"b":2,"c":3}')).toBeUndefined()
    expect(why('{"a":1,"b":2,"c":3,"d":4}')).toContain("more than 3 keys")
    expect(why('[{"a":1,"b":2,"c":3},{"a":1,"b":2,"c":3}]')).toBeUndefined()
  })

  test("counts nothing that stands in a string, whatever is escaped there", () => {
    expect(why(`["${"[{,".repeat(100)}"]`)).toBeUndefined()
    expect(why(String.raw`["\"[[[[[[\\", "\\\"[[[[[["]`)).toBeUndefined()
    expect(why(String.raw`["\\", [[[[[1]]]]]]`)).toContain("deeper")
  })

  test("is found in a text that is no JSON too, and in a string that never ends", () => {
    expect(why(']]]]}}}"')).toBeUndefined()
    expect(why(`"${"\\".repeat(1_001)}`)).toBeUndefined()
  })
})
