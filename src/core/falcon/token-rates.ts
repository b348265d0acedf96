/** How fast all tenants of a process together may ask for tokens. */
import { Context, Effect, Semaphore } from "effect"
import { falcon } from "./limits.ts"
import { makeRateLimit, type RateLimit } from "./rate-limit.ts"

/** The budgets of the token endpoints by host. Falcon counts token requests by source address, and so one 429 is everybody's there. */
export interface SharedTokenRates {
  readonly of: (host: string) => Effect.Effect<RateLimit>
}

/** Where the clients of several tenants find what they share; each has a budget of its own where nothing is provided. */
export const TokenRates = Context.Reference<SharedTokenRates | undefined>("akonis/core/TokenRates", {
  defaultValue: () => undefined,
})

export const makeTokenRates = (): SharedTokenRates => {
  const rates = new Map<string, RateLimit>()
  const one_at_a_time = Semaphore.makeUnsafe(1)
  const of = Effect.fnUntraced(
    function* (host: string) {
      const known = rates.get(host)
      if (known !== undefined) return known
      const made = yield* makeRateLimit({
        per_second_max: falcon.process_auth_per_second_max,
        burst_max: falcon.auth_burst_max,
      })
      rates.set(host, made)
      return made
    },
    Semaphore.withPermits(one_at_a_time, 1),
  )
  return { of }
}
