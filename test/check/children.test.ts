/** What `akonis check` says of a Flight Control parent. */
import { expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { checked, rowOf } from "./support.ts"

const [acme, globex] = ["a".repeat(32), "b".repeat(32)] as const
const config = { tenants_from: "flight-control", plugins: { only: ["event-stream"], "event-stream": {} } }
const children = [{ cid: acme, name: "Acme" }, { cid: globex }]

test("children are counted, and those that cannot be started are named", async () => {
  const found = await checked({
    config,
    simulator: { children },
    before: (data_dir) => {
      mkdirSync(data_dir, { recursive: true, mode: 0o700 })
      writeFileSync(`${data_dir}/children.json`, JSON.stringify({ [acme]: "Acme" }))
    },
  })
  expect(rowOf(found, "children")).toMatchObject({
    status: "warning",
    detail: expect.stringMatching(
      /^2 children, 1 of them new: akonis run starts those that lack nothing, and health names the others; not started: a+ "Acme" \(/,
    ),
  })
})

test("before the first start, an entry about a child that Falcon lists is not called a stranger", async () => {
  const tenants = [
    { id: "acme", member_cid: acme },
    { id: "hooli", member_cid: "d".repeat(32) },
  ]
  const found = await checked({ config: { ...config, tenants }, simulator: { children } })
  expect(rowOf(found, "children").detail).toEndWith("in the configuration, and no child of this customer: hooli")
})

test("a client that may not list children is told the scope that it lacks", async () => {
  const found = await checked({ config, simulator: { children, api_scopes: ["Event streams: Read"] } })
  expect(rowOf(found, "children")).toMatchObject({
    status: "failed",
    remedy: expect.stringContaining("Flight Control: Read"),
  })
})
