/** Names the tenant in what an action answers and logs, so that nobody takes the hosts of one customer for those of another. */
import { Effect } from "effect"
import { single_tenant } from "../tenant/identity.ts"
import { Refusal } from "./problem.ts"
import type { Executed } from "./response.ts"

/** Adds the tenant's id to the answer or the problem, and to every log line on the way. Says nothing where the configuration names no tenant. */
export const nameTenant =
  (tenant: string) =>
  <R>(running: Effect.Effect<Executed, Refusal, R>): Effect.Effect<Executed, Refusal, R> =>
    tenant === single_tenant
      ? running
      : running.pipe(
          Effect.map((executed) => ({ ...executed, answer: { ...executed.answer, tenant } })),
          Effect.mapError(({ problem, ...rest }) => new Refusal({ ...rest, problem: { ...problem, tenant } })),
          Effect.annotateLogs({ tenant }),
        )
