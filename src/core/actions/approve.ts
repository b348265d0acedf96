/** A second person's approval: the run is carried out for who asked for it, whoever approves it. */
import { Effect } from "effect"
import { type ActionTenant, auditRefusal, execute, ownerOf } from "./execute.ts"
import { type Refusal, refuse } from "./problem.ts"
import type { Asked, Executed } from "./response.ts"

/** Runs what waits under this id, once. Refused approvals leave a line in the audit log. */
export const approve = Effect.fnUntraced(function* (
  tenant: ActionTenant,
  id: string,
  approver: Pick<Asked, "caller" | "via" | "request_id" | "trace" | "read_only">,
): Effect.fn.Return<Executed, Refusal> {
  const owner = yield* ownerOf(tenant, approver.caller)
  const waiting = yield* tenant.approvals.list
  const known = waiting.find((one) => one.id === id)
  const run = yield* Effect.tapError(tenant.approvals.claim(id, { name: approver.caller.name, owner }), (refusal) => {
    const action = known === undefined ? undefined : tenant.find(known.action)
    if (known === undefined || action === undefined) return Effect.void
    return auditRefusal(tenant, action, known.arguments, { ...approver, dry_run: false }, refusal)
  })
  const action = tenant.find(run.action)
  if (action === undefined) return yield* refuse("unknown-action", `${run.action} is switched off; nothing was done`)
  return yield* execute(tenant, action, run.arguments, {
    caller: { name: run.who, role: run.role },
    owner: run.owner,
    approved_by: approver.caller.name,
    via: run.via,
    request_id: approver.request_id,
    trace: approver.trace,
    dry_run: false,
    idempotency_key: run.idempotency_key,
    read_only: approver.read_only,
  })
})
