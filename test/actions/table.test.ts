import { expect, test } from "bun:test"
import { actionTable } from "./table.ts"

test("all 28 actions answer as documented, in every way that they can be asked", async () => {
  const { text, failures, actions } = await actionTable()
  expect(text.split("\n").filter((line) => line.includes("FAILED"))).toEqual([])
  expect({ failures, actions }).toEqual({ failures: 0, actions: 28 })
}, 120_000)
