/** The children of a Flight Control parent: listed, followed, and not lost because Falcon is silent for once. */
import { expect, test } from "bun:test"
import { Clock, Effect, FileSystem, Layer, Queue, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { makeEstate } from "../../simulator/estate.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { followChildren } from "../../src/core/flight-control/follow.ts"
import { flight_control as limits } from "../../src/core/flight-control/limits.ts"
import { listChildren } from "../../src/core/flight-control/list-children.ts"
import { makeFolder } from "../../src/core/store/atomic-file.ts"
import { onTestClock } from "../support/effect.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"
import { layerWire, pass, simClock } from "../support/world.ts"

const cid = (n: number): string => n.toString(16).padStart(32, "0")
const base_url = "http://falcon.test"

/** Follows a parent with so many children; `answer` may stand in for Falcon's answer to a listing. */
const follow = Effect.fnUntraced(function* (
  count: number,
  answer: () => Response | undefined = () => undefined,
  path = "/mssp/queries/",
) {
  yield* TestClock.setTime(Date.UTC(2026, 0, 15))
  const children = Array.from({ length: count }, (_, n) => ({ cid: cid(n), name: `customer ${n}` }))
  const estate = makeEstate({ base_url, templates: 4, events_per_partition: 0, children }, simClock(yield* Clock.Clock))
  yield* Effect.addFinalizer(() => Effect.sync(estate.close))
  const disk = makeMemoryDisk()
  const wire = layerWire(async (request) => {
    const instead = request.url.includes(path) ? answer() : undefined
    return instead ?? estate.fetch(request)
  })
  const client_secret = Effect.succeed(Redacted.make(estate.settings.client_secret))
  const parent = layerFalcon({ base_url, client_id: estate.settings.client_id, client_secret })
  const told: string[] = []
  const known = () => Object.keys(JSON.parse(disk.read("data/children.json") ?? "{}"))
  const health = { set: (status: string, detail: string) => Effect.sync(() => void told.push(`${status} ${detail}`)) }
  yield* Effect.provide(makeFolder("data"), disk.layer)
  const asked = yield* Queue.unbounded<void>()
  const following = followChildren({
    data_dir: "data",
    list: listChildren,
    apply: Effect.succeed(""),
    health,
    wanted: Queue.take(asked),
  })
  yield* Effect.forkScoped(following.pipe(Effect.provide([parent.pipe(Layer.provide(wire)), disk.layer])))
  const ask = Effect.andThen(
    Effect.sync(() => void Queue.offerUnsafe(asked, undefined)),
    pass(1_000),
  )
  return { estate, known, told, disk, ask }
})

const listing = (n = 1) => pass(n * limits.list_ms, 30_000)
const doubt = (n = 1) => pass(n * limits.doubt_ms, 30_000)

/** Two pages of one child each: the first says that there are three, the second that there are two. */
const shrinking = () => {
  let pages = 0
  return () => {
    const at = pages++ % 2
    return Response.json({
      meta: { pagination: { total: 3 - at, limit: 1, offset: at } },
      errors: [],
      resources: [cid(at)],
    })
  }
}

/** Two pages of a list whose order changed between them: the second one begins with what the first one held. */
const reordered = () => {
  let pages = 0
  return () => {
    const at = (pages++ % 2) * 2
    const resources = at === 0 ? [cid(0), cid(1)] : [cid(1), cid(7)]
    return Response.json({ meta: { pagination: { total: 4, limit: 2, offset: at } }, errors: [], resources })
  }
}

/** Pages of a list that has more children than are followed, none of which was known. */
const endless = () => {
  let pages = 0
  return () => {
    const at = (pages++ * limits.page) % limits.children_max
    const resources = Array.from({ length: limits.page }, (_, n) => cid(10_000 + at + n))
    return Response.json({
      meta: { pagination: { total: 9_999, limit: limits.page, offset: at } },
      errors: [],
      resources,
    })
  }
}

/** One full page that says nothing of others in its `meta`. */
const unpaged = (meta: object) => () =>
  Response.json({ meta, errors: [], resources: Array.from({ length: limits.page }, (_, n) => cid(10_000 + n)) })

const json =
  (body: object, status = 200) =>
  () =>
    Response.json(body, { status })

test("children are listed over all pages, with their names, and those that come later are there with the next listing", () =>
  onTestClock(
    Effect.gen(function* () {
      const { estate, known, disk, told } = yield* follow(limits.page + 7)
      yield* pass(1_000)
      expect(known()).toHaveLength(limits.page + 7)
      expect(disk.read("data/children.json")).toContain('"customer 103"')
      estate.addChild({ cid: "f".repeat(32) })
      yield* listing()
      expect(known()).toContain("f".repeat(32))
      expect(told).toEqual(["ok ", "ok "])
    }),
  ))

test("a child that Falcon lists no longer is gone once it was missing twice, and a list that has become empty after five times", () =>
  onTestClock(
    Effect.gen(function* () {
      const { estate, known, told } = yield* follow(4)
      yield* pass(1_000)
      estate.removeChild(cid(0))
      yield* listing()
      expect(known()).toHaveLength(4)
      expect(told.at(-1)).toContain("Falcon no longer lists 1 of 4 children")
      yield* doubt()
      expect(known()).toEqual([cid(1), cid(2), cid(3)])
      for (const n of [1, 2, 3]) estate.removeChild(cid(n))
      yield* listing()
      yield* doubt(limits.collapses_max - 2)
      expect(known()).toHaveLength(3)
      yield* doubt()
      expect(known()).toEqual([])
    }),
  ))

test("listings that reloads bring within a minute count as one: a mistake of Falcon's is not believed for being read twice", () =>
  onTestClock(
    Effect.gen(function* () {
      const { estate, known, told, ask } = yield* follow(4)
      yield* pass(1_000)
      estate.removeChild(cid(0))
      yield* listing()
      for (let times = 0; times < limits.collapses_max + 1; times++) yield* ask
      expect(told).toHaveLength(limits.collapses_max + 3)
      expect(known()).toHaveLength(4)
      for (const n of [1, 2, 3]) estate.removeChild(cid(n))
      for (let times = 0; times < limits.collapses_max + 1; times++) yield* ask
      expect(known()).toHaveLength(4)
      yield* doubt(limits.collapses_max + 1)
      expect(known()).toEqual([])
    }),
  ))

test("nobody is gone because the note of the children is gone", () =>
  onTestClock(
    Effect.gen(function* () {
      const { estate, known, disk } = yield* follow(4)
      yield* pass(1_000)
      yield* Effect.provide(
        FileSystem.FileSystem.use((fs) => fs.remove("data/children.json")),
        disk.layer,
      )
      estate.removeChild(cid(0))
      yield* listing()
      expect(known()).toHaveLength(4)
      yield* doubt()
      expect(known()).toEqual([cid(1), cid(2), cid(3)])
    }),
  ))

test.each([
  ["no list", json({ meta: {}, errors: [], resources: null })],
  ["an empty page before the end", json({ meta: { pagination: { total: 3 } }, errors: [], resources: [] })],
  ["a part of the list and an error", json({ errors: [{ code: 500, message: "shard" }], resources: [cid(1)] })],
  [
    "fewer than there are",
    json({ meta: { pagination: { total: 3, limit: 9, offset: 0 } }, errors: [], resources: [cid(1)] }),
  ],
  ["pages of which the last one knows of fewer", shrinking()],
  ["a refusal", json({ errors: [{ code: 403, message: "access denied, authorization failed" }] }, 403)],
] as const)("nobody is gone because Falcon answers %s", (_, answer) =>
  onTestClock(
    Effect.gen(function* () {
      let is_silent = false
      const { known, told } = yield* follow(3, () => (is_silent ? answer() : undefined))
      yield* pass(1_000)
      is_silent = true
      yield* listing(2)
      yield* doubt(10)
      expect(known()).toHaveLength(3)
      expect(told.at(-1)).toMatch(
        /^degraded the list of children cannot be read as a whole: .* those that are known go on, and who is new or gone is not known/,
      )
      is_silent = false
      yield* doubt(3)
      expect(told.at(-1)).toBe("ok ")
    }),
  ),
)

test("health tells that the children cannot be listed at the first answer of 503, and that they can again once a later try brings the list", () =>
  onTestClock(
    Effect.gen(function* () {
      let is_down = true
      const { known, told } = yield* follow(3, () => (is_down ? new Response("", { status: 503 }) : undefined))
      yield* pass(100)
      expect(told).toHaveLength(1)
      expect(told[0]).toMatch(/^degraded the list of children cannot be read as a whole: .*503/)
      is_down = false
      yield* pass(3_000)
      expect(told.slice(1)).toEqual(["ok "])
      expect(known()).toHaveLength(3)
    }),
  ))

test("names that cannot be had are no doubt about the list: health stays as it is, names that are known stay, who is new is there by the id", () =>
  onTestClock(
    Effect.gen(function* () {
      let are_lost = false
      const lost = () => (are_lost ? new Response("", { status: 503 }) : undefined)
      const { estate, disk, told } = yield* follow(3, lost, "/mssp/entities/")
      yield* pass(1_000)
      are_lost = true
      estate.addChild({ cid: "f".repeat(32), name: "customer 3" })
      yield* listing(2)
      expect(disk.read("data/children.json")).toContain('"customer 2"')
      expect(disk.read("data/children.json")).toContain("f".repeat(32))
      expect(disk.read("data/children.json")).not.toContain("customer 3")
      are_lost = false
      yield* listing(2)
      expect(disk.read("data/children.json")).toContain('"customer 3"')
      expect(new Set(told)).toEqual(new Set(["ok "]))
    }),
  ))

test("a file of children that cannot be written is told as such", () =>
  onTestClock(
    Effect.gen(function* () {
      const { estate, told, disk } = yield* follow(2)
      yield* pass(1_000)
      disk.failing = "Unknown"
      estate.addChild({ cid: "f".repeat(32) })
      yield* listing(2)
      expect(told.at(-1)).toMatch(
        /^degraded the children cannot be followed: .*children.json.* none starts or stops until then/,
      )
      disk.failing = undefined
      yield* listing()
      expect(told.at(-1)).toBe("ok ")
    }),
  ))

test("nobody is gone because pages hold a child twice in place of another one, and who is new is there all the same", () =>
  onTestClock(
    Effect.gen(function* () {
      let answer: () => Response | undefined = () => undefined
      const { known, told } = yield* follow(3, () => answer())
      yield* pass(1_000)
      answer = reordered()
      yield* listing(2)
      yield* doubt(10)
      expect(known()).toEqual([cid(0), cid(1), cid(2), cid(7)])
      expect(told.at(-1)).toContain("Falcon lists some children twice and does not list 1 that were known")
    }),
  ))

test.each([
  ["lists more children than are followed", endless(), limits.children_max, "Falcon has more children than the 2000"],
  ["does not say whether its full page is all", unpaged({}), limits.page + 3, "does not say how many there are"],
  [
    "says how long its full page is, and not how many there are",
    unpaged({ pagination: { limit: limits.page } }),
    limits.page + 3,
    "does not say how many there are",
  ],
] as const)("nobody is gone because Falcon %s, and that is told", (_, pages, count, text) =>
  onTestClock(
    Effect.gen(function* () {
      let answer: () => Response | undefined = () => undefined
      const { known, told } = yield* follow(3, () => answer())
      yield* pass(1_000)
      answer = pages
      yield* listing()
      yield* doubt(3)
      expect(known()).toHaveLength(count)
      expect(known()).toEqual(expect.arrayContaining([cid(0), cid(1), cid(2)]))
      expect(told.at(-1)).toContain(text)
    }),
  ),
)
