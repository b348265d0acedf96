/** An audit log or a journal that cannot be used, and can be again, while nobody asks for an action. */
import { expect, test } from "bun:test"
import { mkdirSync, rmSync } from "node:fs"
import { Context, Effect, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"
import { makeActionTenant } from "../../src/core/actions/execute.ts"
import { no_guards } from "../../src/core/actions/guards.ts"
import { StoreError } from "../../src/core/errors.ts"
import type { PluginServices } from "../../src/core/plugin.ts"
import { folder_watch } from "../../src/core/store/limits.ts"
import { Health } from "../../src/core/telemetry/health.ts"
import type { RunningTenant } from "../../src/core/tenant/boot.ts"
import { Tenant } from "../../src/core/tenant/identity.ts"
import { onTestClock, temporaryFolder } from "../support/effect.ts"
import { own } from "./own.ts"

/** An action tenant with a plugin of its own, and its health; `journal` opens one that several processes share. */
const tenantIn = (data_dir: string, journal?: RunningTenant["journal"]) =>
  Effect.gen(function* () {
    const health = yield* Layer.build(Health.layer([own.id]))
    const others = Context.make(Tenant, { id: "default", data_dir }).pipe(
      Context.add(FileSystem.FileSystem, yield* FileSystem.FileSystem),
    )
    // Nothing is asked of Falcon.
    const services = Context.merge(health, others) as unknown as Context.Context<PluginServices>
    const plugins = [{ plugin: own, config: {} }]
    const running = { id: "default", plugins, services, ...(journal !== undefined && { journal }) }
    const status = Effect.gen(function* () {
      const all = yield* Health
      yield* all.started(own.id)
      return (yield* all.report).plugins[own.id]?.status
    }).pipe(Effect.provide(health))
    return { ...(yield* makeActionTenant(running, { owner: true, guards: no_guards })), status }
  })

test.each(["audit.ndjson", "idempotency.ndjson"])("health is ok again by itself once %s can be used", (name) =>
  onTestClock(
    Effect.gen(function* () {
      const data_dir = yield* temporaryFolder
      const { journal, watchRecords, status } = yield* tenantIn(data_dir)
      // A folder in its place: not even root can write to that.
      mkdirSync(`${data_dir}/${name}`)
      yield* Effect.flip(journal)
      yield* Effect.forkScoped(watchRecords)
      yield* TestClock.adjust(folder_watch.retry_ms)
      expect(yield* status).toBe("failed")
      rmSync(`${data_dir}/${name}`, { recursive: true })
      yield* TestClock.adjust(folder_watch.retry_ms)
      expect(yield* status).toBe("ok")
    }),
  ),
)

test("health is ok again within seconds once the database of a cluster answers, which may be there again at once", () =>
  onTestClock(
    Effect.gen(function* () {
      let opened = 0
      const away = new StoreError({ reason: "unreadable", path: "db", message: "the database is away" })
      const nothing = { begin: () => Effect.die("nobody asks") }
      const { journal, watchRecords, status } = yield* tenantIn(yield* temporaryFolder, () =>
        Effect.suspend(() => (++opened < 4 ? Effect.fail(away) : Effect.succeed(nothing))),
      )
      yield* Effect.flip(journal)
      yield* Effect.forkScoped(watchRecords)
      yield* TestClock.adjust(4 * folder_watch.shared_retry_ms)
      expect([yield* status, opened]).toEqual(["failed", 2])
      yield* TestClock.adjust(10 * folder_watch.shared_retry_ms)
      expect([yield* status, opened]).toEqual(["ok", 4])
    }),
  ))
