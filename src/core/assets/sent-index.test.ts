import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { hashOf, SentIndex } from "./sent-index.ts"

describe("the table of known assets", () => {
  test("knows what a map would know, whatever is set, listed and forgotten", () => {
    const ids = fc.constantFrom(...Array.from({ length: 40 }, (_, index) => `id-${index}`))
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), id: ids, content: fc.constantFrom("a", "b") }),
      fc.record({ kind: fc.constant("listing" as const), present: fc.uniqueArray(ids) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new SentIndex()
        const model = new Map<string, string>()
        for (const one of steps) {
          if (one.kind === "set") {
            table.set(one.id, hashOf(one.content))
            model.set(one.id, one.content)
            continue
          }
          table.beginListing()
          for (const id of one.present) expect(table.list(id)).toBe(model.has(id))
          const gone = [...model.keys()].filter((id) => !one.present.includes(id))
          expect(table.endListing(1)).toBe(gone.length)
          table.forget(1)
          for (const id of gone) model.delete(id)
        }
        expect(table.size).toBe(model.size)
        for (const [id, content] of model) {
          expect(table.holds(id, hashOf(content))).toBe(true)
          expect(table.holds(id, hashOf(`${content} changed`))).toBe(false)
        }
      }),
    )
  })

  test("counts an asset as gone after so many listings in a row without it, and forgives in between", () => {
    const table = new SentIndex()
    table.set("a", hashOf("1"))
    table.set("b", hashOf("1"))
    const listing = (...ids: string[]) => {
      table.beginListing()
      for (const id of ids) table.list(id)
      return table.endListing(2)
    }
    expect([listing("a"), listing("a", "b"), listing("a")]).toEqual([0, 0, 0])
    expect(table.isGone("b", 2)).toBe(false)
    expect(listing("a")).toBe(1)
    expect(table.isGone("b", 2)).toBe(true)
    table.forget(2)
    expect([table.size, table.has("a"), table.has("b")]).toEqual([1, true, false])
  })

  test("takes at most 45 bytes an asset once it is more than a handful", () => {
    const table = new SentIndex()
    for (let index = 0; index < 100_000; index++) {
      table.set(`${index.toString(16).padStart(32, "0")}`, hashOf(String(index)))
      if (index > 1_000 && index % 997 === 0) expect(table.bytes / table.size).toBeLessThan(46)
    }
    expect(table.bytes / 1e6).toBeLessThan(4.6)
  })
})
