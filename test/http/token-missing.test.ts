/** What is told when there is no token: which words, and how soon. */
import { describe, expect } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { secretText } from "../../src/core/config/secret.ts"
import { FalconAuth } from "../../src/core/falcon/auth.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { Health } from "../../src/core/telemetry/health.ts"
import { layerTenant } from "../../src/core/tenant/services.ts"
import { plugins } from "../../src/plugins/index.ts"
import { answer, credentials, EU, effect, falconOn, ok, type Script, SECRET, scripted, token } from "./support.ts"

const plugin = plugins.find(({ id }) => id === "alerts")!

/** What health says while somebody waits for a first token, after so long. */
const healthAfter = Effect.fnUntraced(function* (ms: number, tokens: Script) {
  const data_dir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(`${tmpdir()}/akonis-token-`)),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
  )
  const credentials = { client_id: "client-1", client_secret: secretText(SECRET), base_url: EU }
  const tenant = { id: "default", data_dir, credentials, plugins: [{ plugin, config: {} }], unused: [], off: [] }
  const network = Layer.merge(scripted(() => ok(), tokens).layer, NodeFileSystem.layer)
  const services = yield* Layer.build(layerTenant(tenant).pipe(Layer.provide(network)))
  return yield* Effect.gen(function* () {
    const health = yield* Health
    yield* health.started("alerts")
    yield* Effect.forkScoped(Effect.ignore(FalconAuth.use((auth) => auth.bearer)), { startImmediately: true })
    yield* TestClock.adjust(ms)
    return (yield* health.report).plugins.alerts!
  }).pipe(Effect.provide(services))
})

describe("without a token", () => {
  effect("health says so within 5 s, whether the endpoint refuses, fails or hangs", () =>
    Effect.gen(function* () {
      expect(yield* healthAfter(5_000, () => answer(500))).toMatchObject({ status: "degraded" })
      const refused = yield* healthAfter(5_000, () =>
        answer(401, { errors: [{ code: 401, message: "access denied" }] }),
      )
      expect(refused.detail).toContain("check client_id and client_secret")
      expect((yield* healthAfter(5_000, () => Effect.never)).detail).toContain("no answer from the token endpoint")
    }),
  )

  effect("health is well again once there is one", () =>
    Effect.gen(function* () {
      const report = yield* healthAfter(60_000, (_, n) => (n < 2 ? answer(503) : token(n)))
      expect(report).toMatchObject({ status: "ok", detail: "" })
    }),
  )

  effect("because the last one has expired and the endpoint refuses, health says so as well", () =>
    Effect.gen(function* () {
      const said: string[] = []
      const health = { set: (status: string) => Effect.sync(() => void said.push(status)) }
      const http = scripted(
        () => ok(),
        (_, n) => (n === 0 ? token(n, {}, 60) : answer(403, {})),
      )
      const client = layerFalcon(credentials(), health).pipe(Layer.provide(http.layer))
      const bearer = FalconAuth.use((auth) => Effect.ignore(auth.bearer))
      const context = yield* Layer.build(client)
      yield* Effect.provide(bearer, context)
      yield* TestClock.adjust(61_000)
      yield* Effect.provide(bearer, context)
      expect(said).toEqual(["ok", "degraded"])
    }),
  )

  effect("because of our address the text names the allow list, not the credentials", () =>
    Effect.gen(function* () {
      const http = scripted(
        () => ok(),
        () => answer(403, { errors: [{ code: 403, message: "access denied, IP not in allow list" }] }),
      )
      const { auth } = yield* falconOn(http)
      const error = yield* Effect.flip(auth.bearer)
      expect(error.reason).toBe("forbidden")
      expect(error.message).toContain("add our address to the IP allow list")
      expect(error.message).not.toContain("check client_id")
    }),
  )
})
