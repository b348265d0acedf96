/** Runs an action and waits until things are as it wants them, whichever surface it was asked through. */
import { Effect } from "effect"
import type { AnyAction, Args } from "./action.ts"
import { type ActionTenant, perform } from "./execute.ts"
import { waits as bounds } from "./limits.ts"
import { type Refusal, refuse } from "./problem.ts"
import type { ActionResponse, Asked, Executed } from "./response.ts"
import type { Run } from "./runs.ts"
import { inTrace } from "./tell-run.ts"

/** The answer of an action that was waited for. */
export type Waited = ActionResponse & Pick<Run, "wait"> & { readonly run: Pick<Run, "id" | "state" | "until"> }

/** Why this action cannot be waited for, or so long; `undefined` when it can. */
const whyNoWait = (action: AnyAction, wait_s: number): Refusal | undefined => {
  if (!Number.isInteger(wait_s) || wait_s < 1 || wait_s > bounds.wait_s_max)
    return refuse(
      "invalid-request",
      `wait must be a whole number of seconds, 1 to ${bounds.wait_s_max}; nothing was done`,
    )
  if (action.settles === undefined)
    return refuse(
      "invalid-request",
      `${action.slug} cannot be waited for: it is done when it answers; nothing was done`,
    )
  return undefined
}

/** The answer, with what became of each id: `run.state` is `waiting` where that takes longer than a request may. A dry run waits for nothing. */
export const performAndWait = (tenant: ActionTenant, action: AnyAction, args: Args, asked: Asked, wait_s: number) =>
  performThenWait(tenant, action, args, asked, wait_s).pipe(tenant.watching(action), inTrace(asked))

const performThenWait = Effect.fnUntraced(function* (
  tenant: ActionTenant,
  action: AnyAction,
  args: Args,
  asked: Asked,
  wait_s: number,
): Effect.fn.Return<Omit<Executed, "answer"> & { readonly answer: ActionResponse | Waited }, Refusal> {
  const why = whyNoWait(action, wait_s)
  if (why !== undefined) return yield* why
  if (asked.dry_run) return yield* perform(tenant, action, args, asked)
  const before = asked.read_only ? new Map<string, string>() : yield* tenant.runs.before(action, args)
  const { answer, replayed } = yield* perform(tenant, action, args, asked)
  const { id, state, until, wait } = yield* tenant.runs.start({ action, args, before, answer, wait_s })
  return { replayed, answer: { ...answer, wait, run: { id, state, until } } }
})
