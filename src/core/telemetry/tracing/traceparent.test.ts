import { expect, test } from "bun:test"
import { readTraceparent } from "./traceparent.ts"

const trace = "0af7651916cd43dd8448eb211c80319c"
const span = "b7ad6b7169203331"

test.each([
  [`00-${trace}-${span}-01`, true],
  [`00-${trace}-${span}-00`, false],
  [`00-${trace}-${span}-03`, true],
  [`cc-${trace}-${span}-01-what-comes-later`, true],
])("a traceparent of %s is read", (header, sampled) => {
  expect(readTraceparent(header)).toMatchObject({ traceId: trace, spanId: span, sampled })
})

test.each([
  undefined,
  "",
  `00-${trace}-${span}`,
  `00-${trace}-${span}-01-more`,
  `ff-${trace}-${span}-01`,
  `00-${"0".repeat(32)}-${span}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
])("a traceparent of %p is none", (header) => {
  expect(readTraceparent(header)).toBeUndefined()
})
