import { describe, expect, test } from "bun:test"
import { cases } from "./cases.ts"
import { cellOf } from "./cells.ts"
import { actions, titles } from "./table.ts"

test("the table has every action that ships, and no other", () =>
  expect(actions.map(({ slug }) => slug).sort()).toEqual(Object.keys(cases).sort()))

describe.each(titles)("%s", (title) => {
  test.each(actions)("$slug", async (action) => expect(await cellOf(action, title)).not.toStartWith("FAILED"))
})
