import { expect, test } from "bun:test"
import { Clock, Effect, Fiber, Layer } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { z } from "zod"
import { TransportError } from "../../src/core/errors.ts"
import { Http } from "../../src/core/http/client/http.ts"
import { connections } from "../../src/core/http/client/limits.ts"
import type { Purpose } from "../../src/core/http/client/pool.ts"
import { feedsOf, inPools, makeProcessPlaces, type PoolOptions } from "../../src/core/http/client/pools.ts"
import { forPurpose } from "../../src/core/http/client/purpose.ts"

import { definePlugin } from "../../src/core/plugin.ts"
import { Health } from "../../src/core/telemetry/health.ts"
import { layerPoolWatch } from "../../src/core/tenant/watch-pools.ts"
import { own } from "../actions/own.ts"

const request = { method: "GET", url: "http://falcon.test/x", timeout_ms: 30_000 } as const
const send = (purpose: Purpose, url: string = request.url) =>
  Http.use((http) => http.send({ ...request, url }, 1_000)).pipe(forPurpose(purpose))

/** A network on which everything below /hang never answers. */
const network = (options: PoolOptions = {}) => {
  const seen: string[] = []
  const wire: Http["Service"] = {
    send: ({ url }) => {
      seen.push(url)
      return url.endsWith("/hang") ? Effect.never : Effect.succeed({ status: 200, headers: new Headers(), text: "" })
    },
    open: () => Effect.succeed(new Response(null)),
  }
  return { seen, layer: Layer.succeed(Http, inPools(wire, options)) }
}

const run = <A, E>(body: Effect.Effect<A, E, Http>, layer: Layer.Layer<Http>) =>
  Effect.runPromise(Effect.provide(body, [layer, TestClock.layer()]))

const hang = (purpose: Purpose, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.forkChild(send(purpose, "http://falcon.test/hang")))

/** What an effect gives without waiting for anything; one that waits is a failure, and not a test without end. */
const atOnce = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return yield* exit
    yield* Fiber.interrupt(fiber)
    throw new Error("it waits")
  })

test.each(["action", "lookup", "session", "intake"] as const)(
  "requests of the kind %s that hang, however many, leave every other kind its connections",
  async (purpose) => {
    const { layer } = network()
    await run(
      Effect.gen(function* () {
        yield* hang(purpose, 1_000)
        yield* Effect.yieldNow
        for (const other of ["action", "lookup", "session", "intake"] as const) {
          if (other !== purpose) expect((yield* atOnce(send(other))).status).toBe(200)
        }
      }),
      layer,
    )
  },
)

test("what may be under way together is less than the 256 requests of the runtime", () => {
  const { intake, session, action, lookup } = connections
  expect(intake + session + action + lookup).toBeLessThan(256)
})

test("a request without a connection fails once its time is over, says that nothing was sent, and names what is full", async () => {
  const { layer, seen } = network()
  await run(
    Effect.gen(function* () {
      yield* hang("action", connections.action)
      yield* Effect.yieldNow
      const waiting = yield* Effect.forkChild(Effect.flip(send("action", "http://falcon.test/late")))
      yield* TestClock.adjust("30 seconds")
      const error = yield* atOnce(Fiber.join(waiting))
      expect(error.reason).toBe("refused")
      expect(error.message).toBe("nothing was sent within 30000 ms: all 64 connections for actions wait for answers")
      expect(seen).not.toContain("http://falcon.test/late")
    }),
    layer,
  )
})

test("a place is free again once its request ends or is interrupted", async () => {
  const { layer } = network()
  await run(
    Effect.gen(function* () {
      for (let round = 0; round < 3; round++) {
        const fibers = yield* hang("session", connections.session)
        yield* Effect.yieldNow
        yield* Fiber.interruptAll(fibers)
        expect((yield* atOnce(send("session"))).status).toBe(200)
      }
    }),
    layer,
  )
})

const feed_bounds = [
  ["2 000 where the system allows any number of files", { used: 0, limit: 8_192 }, connections.feeds, "use several"],
  ["2 000 where the system does not tell", undefined, connections.feeds, "use several"],
  ["so many as its files allow beside the reserve", { used: 0, limit: 1_024 }, 768, "may open 1024 files in all"],
] as const

test.each(feed_bounds)(
  "a process reads %s feeds; one more is refused by name, until another one ends",
  async (...row) => {
    const [, descriptors, most, reason] = row
    const { layer } = network({ shared: { ...makeProcessPlaces(), feeds: feedsOf(descriptors) } })
    const open = Http.use((http) => http.open(request))
    await run(
      Effect.gen(function* () {
        const places = Effect.scoped(
          Effect.gen(function* () {
            yield* Effect.forEach(Array.from({ length: most }), () => open, { discard: true })
            return yield* Effect.flip(Effect.scoped(open))
          }),
        )
        const { message } = yield* places
        expect(message).toContain(`reads ${most} feeds already`)
        expect(message).toContain(reason)
        expect((yield* Effect.scoped(open)).status).toBe(200)
      }),
      layer,
    )
  },
)

test("tenants that share a process share its connections and its feeds, and none takes those of another", async () => {
  const tenants = 4
  const shared = { ...makeProcessPlaces(), feeds: { open: connections.feeds, max: connections.feeds } }
  const { layer } = network({ tenants, shared })
  await run(
    Effect.gen(function* () {
      yield* hang("action", connections.action / tenants)
      yield* Effect.yieldNow
      const error = yield* Effect.flip(
        Http.use((http) => http.send({ ...request, timeout_ms: 0 }, 1)).pipe(forPurpose("action")),
      )
      expect(error.message).toContain(`all ${connections.action / tenants} connections for actions`)
      const full = yield* Effect.flip(Effect.scoped(Http.use((http) => http.open(request))))
      expect(full.message).toContain("feeds already")
      expect((yield* send("lookup")).status).toBe(200)
    }),
    layer,
  )
})

/** Doors of tenants that share a process, on networks of which some never answer. */
const tenantsOf = (count: number, hangs: (tenant: number) => boolean) => {
  const shared = makeProcessPlaces()
  const under_way = { now: 0 }
  return Array.from({ length: count }, (_, tenant) => {
    const answer = Effect.succeed({ status: 200, headers: new Headers(), text: "" })
    const late = Effect.andThen(
      Effect.sleep(request.timeout_ms),
      Effect.fail(new TransportError({ reason: "timeout", host: "intake.test", message: "no answer" })),
    )
    const wire: Http["Service"] = {
      send: () =>
        Effect.acquireUseRelease(
          Effect.sync(() => under_way.now++),
          () => (hangs(tenant) ? late : answer),
          () => Effect.sync(() => under_way.now--),
        ),
      open: () => Effect.succeed(new Response(null)),
    }
    const post = Effect.provideService(send("intake"), Http, inPools(wire, { tenants: count, shared }))
    return { post, under_way }
  })
}

test("however many tenants there are, no more of their posts are under way than the process carries", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const tenants = tenantsOf(300, () => true)
      yield* Effect.forEach(tenants, ({ post }) => Effect.forkChild(Effect.exit(post)))
      yield* TestClock.adjust(1)
      expect(tenants[0]!.under_way.now).toBe(connections.intake)
    }).pipe(Effect.provide(TestClock.layer())),
  ))

test("tenants whose intakes are dead hold few connections after their first post, and the others post at once", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const tenants = tenantsOf(200, (tenant) => tenant < 150)
      const dead = tenants.slice(0, 150)
      yield* Effect.forEach(dead, ({ post }) => Effect.forkChild(Effect.forever(Effect.exit(post))))
      yield* TestClock.adjust(3 * request.timeout_ms)
      expect(tenants[0]!.under_way.now).toBe(connections.intake / connections.unanswered_share)
      for (const { post } of tenants.slice(150)) expect((yield* atOnce(post)).status).toBe(200)
    }).pipe(Effect.provide(TestClock.layer())),
  ))

test("one answer, and a tenant has its share again", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      let is_dead = true
      const tenants = tenantsOf(4, () => is_dead)
      yield* Effect.forEach(tenants, ({ post }) => Effect.forkChild(Effect.exit(post)))
      yield* TestClock.adjust(request.timeout_ms)
      is_dead = false
      for (const { post } of tenants) yield* post
      is_dead = true
      const share = connections.intake / 4
      for (const { post } of tenants) {
        for (let i = 0; i < share; i++) yield* Effect.forkChild(Effect.exit(post))
      }
      yield* TestClock.adjust(1)
      expect(tenants[0]!.under_way.now).toBe(connections.intake)
    }).pipe(Effect.provide(TestClock.layer())),
  ))

/** The tenant's plugins of one purpose each, as far as health is asked. */
const watched = [
  {
    plugin: definePlugin({
      id: "acting",
      title: "",
      enabled_by_default: true,
      config: z.strictObject({}),
      actions: own.actions,
    }),
  },
  { plugin: definePlugin({ id: "silent", title: "", enabled_by_default: true, config: z.strictObject({}) }) },
].map((one) => ({ ...one, config: {} }))

test("health tells, of the plugins that need them, when all connections are taken for too long, by whom, and how many requests wait", async () => {
  const { layer } = network()
  const services = layerPoolWatch(() => watched).pipe(
    Layer.provideMerge(Health.layer(["acting", "silent"])),
    Layer.provideMerge(layer),
    Layer.provideMerge(TestClock.layer()),
  )
  const status = Effect.map(
    Health.use((health) => health.report),
    ({ plugins }) => Object.values(plugins).map((report) => report.status),
  )
  await Effect.runPromise(
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.started("acting")
      yield* health.started("silent")
      const fibers = yield* hang("action", connections.action + 7)
      yield* TestClock.adjust(connections.crowded_ms - connections.look_ms)
      expect(yield* status).toEqual(["ok", "ok"])
      yield* TestClock.adjust(2 * connections.look_ms)
      expect(yield* status).toEqual(["degraded", "ok"])
      expect((yield* health.report).plugins.acting?.detail).toMatch(
        /^connections: all 64 connections for actions are in use, the last for 1\d s, and 7 requests wait for one; not answered yet: 64 by falcon.test$/,
      )
      expect(yield* PrometheusMetrics.format()).toContain('akonis_requests_waiting{purpose="action"} 7')
      yield* Fiber.interruptAll(fibers)
      yield* TestClock.adjust(connections.look_ms)
      expect(yield* status).toEqual(["ok", "ok"])
    }).pipe(Effect.provide(services)),
  )
})

test("a pool that is full and moves is busy, and not unwell", async () => {
  const { layer } = network()
  await run(
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const { pools } = yield* Http
      const under_way = yield* hang("intake", connections.intake)
      for (let second = 0; second < 30; second++) {
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(under_way.shift()!)
        under_way.push(...(yield* hang("intake", 1)))
        yield* Effect.yieldNow
        const busy = pools!(clock).find(({ purpose }) => purpose === "intake")
        expect(busy?.crowded).toBeUndefined()
      }
    }),
    layer,
  )
})
