import { describe, expect, test } from "bun:test"
import { cellOf } from "./cells.ts"
import { actions, titles } from "./table.ts"

test("the table has every action that ships", () => expect(actions).toHaveLength(28))

describe.each(titles)("%s", (title) => {
  test.each(actions)("$slug", async (action) => expect(await cellOf(action, title)).not.toStartWith("FAILED"))
})
