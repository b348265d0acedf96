/** Who wants to know how calls to Falcon end: the health of the plugin that they are made for. */
import { Context, Effect } from "effect"
import type { HealthCell } from "../telemetry/health.ts"
import type { FalconError } from "./errors.ts"
import type { Operation } from "./operation.ts"

/** Told of every try of a call: with the error, or with none where it succeeded. */
export type WatchCalls = (operation: Operation, error: FalconError | undefined) => Effect.Effect<void>

/** Set around what is done for one plugin. Nobody is told by default. */
export const CallWatch = Context.Reference<WatchCalls>("akonis/core/CallWatch", {
  defaultValue: () => () => Effect.void,
})

/**
 * Keeps a cell as Falcon's answers say. A 403 is remembered for its scopes until a call with these scopes succeeds, so that lookups that
 * work do not hide changes that do not. A 401, with a new token as well, and a Falcon that does not answer end with the next
 * success. A token that cannot be had is told elsewhere. The cell is never worse than `degraded`: the plugin's other
 * actions go on, and those of other tenants.
 */
export const makeCallWatch = (cell: Pick<HealthCell, "set">): WatchCalls => {
  const refused = new Map<string, string>()
  let silent = ""
  let unauthorized = ""
  return (operation, error) =>
    Effect.suspend(() => {
      if (error !== undefined && error.operation !== operation.name) return Effect.void
      const scopes = operation.scopes.join(", ")
      const is_silent = error !== undefined && ["unreachable", "timeout"].includes(error.reason)
      silent = is_silent ? error.message : ""
      if (error === undefined) {
        refused.delete(scopes)
        unauthorized = ""
      } else if (error.reason === "forbidden") refused.set(scopes, error.message)
      else if (error.reason === "unauthorized") unauthorized = error.message
      const detail = [silent, unauthorized, ...refused.values()].filter((text) => text !== "").join("; ")
      return cell.set(detail === "" ? "ok" : "degraded", detail)
    })
}
