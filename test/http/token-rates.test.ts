/** What the tenants of a process share at the token endpoint: Falcon counts 300 requests a minute of one source address. */
import { expect } from "bun:test"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { FalconAuth } from "../../src/core/falcon/auth.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { makeTokenRates, TokenRates } from "../../src/core/falcon/token-rates.ts"
import { answer, EU, effect, SECRET, scripted, token } from "./support.ts"

const minute_ms = 60_000

/** Tenants by their number, each of which asks for a token; by default all of one cloud. */
const tenants = (count: number, script: ReturnType<typeof scripted>, cloud = (_: number) => EU) => {
  const rates = Layer.succeed(TokenRates, makeTokenRates())
  return Effect.forEach(Array.from({ length: count }), (_, i) => {
    const client_secret = Effect.succeed(Redacted.make(SECRET))
    const falcon = layerFalcon({ base_url: cloud(i), client_id: `client-${i}`, client_secret })
    const asking = Effect.exit(FalconAuth.use((auth) => auth.bearer))
    return Effect.forkChild(Effect.provide(asking, falcon.pipe(Layer.provide([script.layer, rates]))))
  })
}

effect("hundreds of tenants in a process ask for no more than 300 tokens in any minute, and all get theirs", () =>
  Effect.gen(function* () {
    const script = scripted(() => answer(200))
    yield* tenants(350, script)
    for (let second = 0; second < 96; second += 4) yield* TestClock.adjust("4 seconds")
    const at = script.asked.map(({ at_ms }) => at_ms)
    expect(at).toHaveLength(350)
    const most = Math.max(...at.map((from) => at.filter((ms) => ms >= from && ms < from + minute_ms).length))
    expect(most).toBeLessThanOrEqual(300)
  }),
)

effect("a token endpoint that has counted too many is left alone by all, and that of another cloud is not", () =>
  Effect.gen(function* () {
    const other = "https://api.us-2.crowdstrike.com"
    const script = scripted(
      () => answer(200),
      ({ url }, n) => (url.startsWith(EU) ? answer(429) : token(n)),
    )
    yield* tenants(20, script, (i) => (i % 2 === 0 ? EU : other))
    yield* TestClock.adjust("30 seconds")
    const later = script.asked.map(({ url }) => new URL(url).origin)
    expect(later.filter((origin) => origin === other)).toHaveLength(10)
    expect(later.filter((origin) => origin === EU).length).toBeLessThanOrEqual(5)
  }),
)
