import { describe, expect } from "bun:test"
import { Effect } from "effect"
import type { Operation, PagesOptions } from "../../src/core/falcon/client.ts"
import type { HttpRequest } from "../../src/core/http/client/http.ts"
import { answer, during, effect, falconOn, get, scripted } from "./support.ts"

const ALL = Array.from({ length: 25 }, (_, n) => `id-${n}`)

const page = (resources: readonly unknown[], pagination: unknown, errors: readonly unknown[] = []) =>
  answer(200, { meta: { pagination }, resources, errors })

const query = (request: HttpRequest) => new URL(request.url).searchParams

/** A server with 25 ids, ten to a page, that finds its position in `read` and says how to go on in `say`. */
const server = (
  read: (request: HttpRequest) => number,
  say: (next: number, asked: number) => Record<string, unknown>,
) =>
  scripted((request) => {
    const asked = read(request)
    const size = Number(query(request).get("limit") ?? 10)
    return page(ALL.slice(asked, asked + size), say(asked + size, asked))
  })

const walk = Effect.fnUntraced(function* (
  http: ReturnType<typeof scripted>,
  options?: PagesOptions,
  operation: Operation = get(),
) {
  const { falcon } = yield* falconOn(http)
  return yield* during(600_000, falcon.pages(operation, options))
})

const number = (name: string) => (request: HttpRequest) => Number(query(request).get(name) ?? 0)
const tail = (name: string) => (request: HttpRequest) => Number(query(request).get(name)?.split("~")[1] ?? 0)
const more = (next: number) => next < ALL.length

const shapes = {
  "an offset that the server echoes": server(number("offset"), (_, asked) => ({ offset: asked, limit: 10, total: 25 })),
  "an offset that names the next page": server(number("offset"), (next) => ({ offset: next, limit: 10, total: 25 })),
  "an offset without a total": server(number("offset"), (_, asked) => ({ offset: asked, limit: 10 })),
  "an offset in digits": server(number("offset"), (_, asked) => ({ offset: String(asked), total: 25 })),
  "after, gone at the end": server(tail("after"), (next) => ({ total: 25, ...(more(next) && { after: `c~${next}` }) })),
  "after, empty at the end, with an offset beside it": server(tail("after"), (next) => ({
    after: more(next) ? `c~${next}` : "",
    offset: `1658342945857000000:${next}`,
    total: 99,
  })),
  "after, though the total is too small": server(tail("after"), (next) => ({ after: `c~${next}`, total: 10 })),
  "a scroll token": server(tail("offset"), (next) => ({ offset: `scroll~${next}`, total: 25, expires_at: 1 })),
  "next, sent as offset": server(tail("offset"), (next, asked) => ({
    offset: `now~${asked}`,
    next: more(next) ? `n~${next}` : "",
    total: 25,
  })),
  "next_page as a flag beside the token": server(tail("offset"), (next) => ({
    limit: 10,
    offset: `g~${next}`,
    ...(more(next) && { next_page: "/threatgraph/combined/edges/v1?x=1" }),
  })),
  "next_page as the token": server(tail("offset"), (next) => (more(next) ? { next_page: `g~${next}` } : {})),
  "next_page as a URL": server(tail("offset"), (next) =>
    more(next) ? { next_page: `/threatgraph/combined/edges/v1?limit=10&offset=g~${next}` } : {},
  ),
}

describe("a list in pages is walked to its end", () => {
  for (const [name, http] of Object.entries(shapes)) {
    effect(`by ${name}`, () =>
      Effect.gen(function* () {
        expect(yield* walk(http)).toMatchObject({ success: { resources: ALL, errors: [] } })
        expect(http.calls.length).toBeLessThanOrEqual(4)
      }),
    )
  }

  effect("by a scroll token that stays the same while its pages change", () =>
    Effect.gen(function* () {
      const http = scripted((_, n) => page(ALL.slice(n * 10, n * 10 + 10), { offset: "same", total: 25 }))
      expect(yield* walk(http)).toMatchObject({ success: { resources: ALL, calls: 3 } })
    }),
  )

  effect("by after in the body of a POST", () =>
    Effect.gen(function* () {
      const at = (request: HttpRequest) => JSON.parse(String(request.body)).after ?? 0
      const http = server(at, (next) => (more(next) ? { after: String(next) } : {}))
      const operation = get({ method: "POST", body: { filter: "f" } })
      expect(yield* walk(http, { page_size: 10 }, operation)).toMatchObject({ success: { resources: ALL } })
      expect(JSON.parse(String(http.calls[1]?.body))).toEqual({ filter: "f", limit: 10, after: "10" })
    }),
  )

  effect("resending the caller's parameters, from the caller's offset on", () =>
    Effect.gen(function* () {
      const http = server(number("offset"), (_, asked) => ({ offset: asked, total: 25 }))
      const result = yield* walk(http, undefined, get({ query: { offset: 8, filter: "f" } }))
      expect(result).toMatchObject({ success: { resources: ALL.slice(8), calls: 2 } })
      expect(http.calls.map((call) => query(call).toString())).toEqual(["offset=8&filter=f", "offset=18&filter=f"])
    }),
  )

  const bare = (ids: readonly unknown[]) => answer(200, { meta: {}, resources: ids })
  const numbered = { page_size: 10, is_numbered: true }
  /** Heeds limit and offset, and says nothing of either. */
  const silent = (ids: readonly unknown[]) =>
    scripted((request) => {
      const from = number("offset")(request)
      return bare(ids.slice(from, from + number("limit")(request)))
    })

  effect("by an offset of our own where Falcon tells neither a total nor how to go on", () =>
    Effect.gen(function* () {
      const http = silent(ALL)
      expect(yield* walk(http, numbered)).toEqual(
        expect.objectContaining({ success: { resources: ALL, errors: [], trace_ids: [], calls: 3 } }),
      )
    }),
  )

  effect("though its last page is full and only the empty one behind it tells so", () =>
    Effect.gen(function* () {
      const found = yield* walk(silent(ALL.slice(0, 20)), numbered)
      expect(found).toEqual(
        expect.objectContaining({ success: { resources: ALL.slice(0, 20), errors: [], trace_ids: [], calls: 3 } }),
      )
    }),
  )

  effect("though the total is less than what came in full pages", () =>
    Effect.gen(function* () {
      const position = server(number("offset"), (_, asked) => ({ offset: asked, total: 7 }))
      expect(yield* walk(position, { page_size: 10 })).toMatchObject({ success: { resources: ALL } })
      const scroll = server(tail("offset"), (next) => ({ offset: `scroll~${next}`, total: 7 }))
      expect(yield* walk(scroll, { page_size: 10 })).toMatchObject({ success: { resources: ALL } })
    }),
  )

  effect("which is left open where a full page says nothing and the list takes no number", () =>
    Effect.gen(function* () {
      const http = silent(ALL)
      expect(yield* walk(http, { page_size: 10 })).toMatchObject({
        success: { resources: ALL.slice(0, 10), calls: 1, is_open: true },
      })
    }),
  )

  effect("which is left open where Falcon repeats the page, or refuses the one that is asked for", () =>
    Effect.gen(function* () {
      const open = { success: { resources: ALL.slice(0, 10), is_open: true } }
      expect(
        yield* walk(
          scripted(() => bare(ALL.slice(0, 10))),
          numbered,
        ),
      ).toMatchObject(open)
      const refusing = scripted((_, n) => (n === 0 ? bare(ALL.slice(0, 10)) : answer(400)))
      expect(yield* walk(refusing, numbered)).toMatchObject(open)
    }),
  )

  effect("at a cap where nothing says how to go on, which a list that takes numbers does", () =>
    Effect.gen(function* () {
      expect(yield* walk(silent(ALL), { ...numbered, limit: 10 })).toMatchObject({
        success: { resources: ALL.slice(0, 10), next: "10", calls: 1 },
      })
    }),
  )

  effect("which is the first page when nothing says how to go on and no number was asked for", () =>
    Effect.gen(function* () {
      const http = scripted(() => answer(200, { meta: {}, resources: ["a"] }))
      expect(yield* walk(http)).toEqual(
        expect.objectContaining({ success: { resources: ["a"], errors: [], trace_ids: [], calls: 1 } }),
      )
    }),
  )

  effect("which is an empty page, even when the total promises more", () =>
    Effect.gen(function* () {
      const http = scripted((_, n) => page(n === 0 ? ["a"] : [], { offset: 0, total: 100 }))
      expect(yield* walk(http)).toMatchObject({ success: { resources: ["a"], calls: 2 } })
    }),
  )
})

describe("a walk", () => {
  const http = () => server(number("offset"), (_, asked) => ({ offset: asked, total: 25 }))

  effect("stops at the cap, and asks for no more than the cap", () =>
    Effect.gen(function* () {
      for (const [limit, calls] of [
        [10, 1],
        [12, 2],
        [20, 2],
        [100, 3],
      ] as const) {
        const result = yield* walk(http(), { limit })
        expect(result).toMatchObject({ success: { resources: ALL.slice(0, limit), calls } })
      }
      const small = http()
      yield* walk(small, { limit: 3, page_size: 10 })
      expect(query(small.calls[0] as HttpRequest).get("limit")).toBe("3")
    }),
  )

  effect("sends the page size as limit", () =>
    Effect.gen(function* () {
      const one = http()
      expect(yield* walk(one, { page_size: 25 })).toMatchObject({ success: { calls: 1 } })
      expect(query(one.calls[0] as HttpRequest).get("limit")).toBe("25")
    }),
  )

  effect("gathers the errors of all pages", () =>
    Effect.gen(function* () {
      const partial = scripted((_, n) => page([n], { offset: n, total: 2 }, [{ code: 404, message: `m${n}` }]))
      expect(yield* walk(partial)).toMatchObject({
        success: { resources: [0, 1], errors: [{ message: "m0" }, { message: "m1" }] },
      })
    }),
  )

  effect("that goes in circles ends as malformed", () =>
    Effect.gen(function* () {
      const circles = [
        scripted(() => page(["a"], { after: "same" })),
        scripted((_, n) => page([`id-${n}`], { after: "same" })),
        scripted((_, n) => page(["a"], { offset: `token-${n}` })),
        scripted(() => page(["a"], { offset: 0, total: 1_000 })),
        scripted((_, n) => page([n % 2], { next: `n-${n % 2}` })),
      ]
      for (const circle of circles) {
        expect(yield* walk(circle)).toMatchObject({ failure: { reason: "malformed" } })
        expect(circle.calls.length).toBeLessThanOrEqual(3)
      }
    }),
  )

  effect("fails when one of its pages does", () =>
    Effect.gen(function* () {
      const failing = scripted((_, n) => (n === 1 ? answer(403) : page([n], { offset: n, total: 9 })))
      expect(yield* walk(failing)).toMatchObject({ failure: { reason: "forbidden" } })
    }),
  )
})
