import { expect, test } from "bun:test"
import { type Context, Deferred, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { z } from "zod"
import { onTestClock } from "../test/support/effect.ts"
import type { Enricher } from "./core/delivery/enricher.ts"
import { StoreError } from "./core/errors.ts"
import { definePlugin, type PluginServices } from "./core/plugin.ts"
import { Fenced } from "./core/store/fence.ts"
import { folder_watch } from "./core/store/limits.ts"
import { Health } from "./core/telemetry/health.ts"
import { runWorker } from "./worker.ts"

test("a plugin whose file is damaged stands still by itself, says so, and goes on once the file is mended", () =>
  onTestClock(
    Effect.gen(function* () {
      const common = { title: "", description: "", enabled_by_default: true, config: z.object({}), scopes: [] }
      let is_damaged = true
      const broken = definePlugin({
        ...common,
        id: "broken",
        run: () => {
          const error = new StoreError({ reason: "unreadable", path: "/data/app-id", message: "app-id is damaged" })
          return Effect.suspend(() => (is_damaged ? Effect.fail(error) : Effect.never))
        },
      })
      const sound = definePlugin({
        ...common,
        id: "sound",
        run: () =>
          Effect.andThen(
            Health.use((health) => health.started("sound")),
            Effect.never,
          ),
      })
      const health = yield* Layer.build(Health.layer(["broken", "sound"]))
      // Neither asks for anything else.
      const services = health as Context.Context<PluginServices>
      const plugins = [broken, sound].map((plugin) => ({ plugin, config: {} }))
      yield* Effect.forkScoped(runWorker([{ id: "default", plugins, services }]))
      yield* TestClock.adjust(1)
      const report = Effect.provide(
        Health.use((all) => all.report),
        health,
      )
      const first = (yield* report).plugins
      expect(first.broken).toMatchObject({ status: "failed", detail: expect.stringContaining("app-id is damaged") })
      expect(first.sound!.status).toBe("ok")
      is_damaged = false
      yield* TestClock.adjust(folder_watch.retry_ms)
      expect((yield* report).plugins.broken!.status).toBe("ok")
    }),
  ))

test("a unit of a cluster that meets a database which is away is tried again within seconds, and less often the longer it stays away", () =>
  onTestClock(
    Effect.gen(function* () {
      let is_away = true
      let tries = 0
      const stream = definePlugin({
        id: "stream",
        title: "",
        enabled_by_default: true,
        config: z.object({}),
        run: () =>
          Effect.suspend(() => {
            tries++
            const error = new StoreError({ reason: "unreadable", path: "db:5432/akonis", message: "no answer" })
            return is_away ? Effect.fail(error) : Effect.never
          }),
      })
      const health = yield* Layer.build(Health.layer(["stream"]))
      const services = health as Context.Context<PluginServices>
      const fence = { unit: "acme/stream", epoch: 1, lost: Deferred.makeUnsafe<void>() }
      const plugins = [{ plugin: stream, config: {} }]
      yield* Effect.forkScoped(Effect.provideService(runWorker([{ id: "acme", plugins, services }]), Fenced, fence))
      yield* TestClock.adjust(folder_watch.shared_retry_ms)
      expect(tries).toBe(2)
      yield* TestClock.adjust(10 * 60_000)
      expect(tries).toBeLessThan(30)
      is_away = false
      yield* TestClock.adjust(folder_watch.retry_ms)
      const { plugins: shown } = yield* Effect.provide(
        Health.use((all) => all.report),
        health,
      )
      expect(shown.stream!.status).toBe("ok")
    }),
  ))

test("an enricher whose file is damaged keeps no other plugin from its work, says so, and takes part once the file is mended", () =>
  onTestClock(
    Effect.gen(function* () {
      const common = { title: "", enabled_by_default: true, config: z.object({}) }
      const made: Enricher = {
        plugin_id: "enriching",
        event_types: [],
        fields: [],
        refOf: () => undefined,
        enrich: () => Effect.succeed([]),
      }
      let is_damaged = true
      const error = new StoreError({ reason: "unreadable", path: "/data/x", message: "x is damaged" })
      const enriching = definePlugin({
        ...common,
        id: "enriching",
        enricher: () => Effect.suspend(() => (is_damaged ? Effect.fail(error) : Effect.succeed(made))),
      })
      const given: (readonly Enricher[])[] = []
      const stream = definePlugin({
        ...common,
        id: "stream",
        destination: () => Effect.die("nobody asks where events go"),
        run: (_, enrichers) =>
          Effect.suspend(() => {
            given.push(enrichers)
            return Effect.andThen(
              Health.use((health) => health.started("stream")),
              Effect.never,
            )
          }),
      })
      const health = yield* Layer.build(Health.layer(["enriching", "stream"]))
      const services = health as Context.Context<PluginServices>
      const plugins = [enriching, stream].map((plugin) => ({ plugin, config: {} }))
      yield* Effect.forkScoped(runWorker([{ id: "default", plugins, services }]))
      yield* TestClock.adjust(1)
      const report = Effect.provide(
        Health.use((all) => all.report),
        health,
      )
      const first = (yield* report).plugins
      expect(first.enriching).toMatchObject({ status: "failed", detail: expect.stringContaining("x is damaged") })
      expect([first.stream!.status, given]).toEqual(["ok", [[]]])
      is_damaged = false
      yield* TestClock.adjust(folder_watch.retry_ms)
      yield* TestClock.adjust(1)
      expect([(yield* report).plugins.enriching!.status, given]).toEqual(["ok", [[], [made]]])
    }),
  ))
