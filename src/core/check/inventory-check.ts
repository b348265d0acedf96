/** Whether what an inventory reads can be read. */
import { Effect } from "effect"
import { askStrictly, type Envelope } from "../falcon/client.ts"
import type { Operation } from "../falcon/operation.ts"
import { type Check, type Finding, ok, unknown } from "./check.ts"
import { falconFinding } from "./falcon-finding.ts"

interface Options {
  /** Scopes that the answer speaks for; those of the operation when not given. */
  readonly scopes?: readonly string[]
  /** The inventory works without it, with fewer words. */
  readonly optional?: boolean
  /** Whether an answer is one that only this API gives; one with a list when not given. */
  readonly isAnswer?: (answer: Envelope) => boolean
}

/** Asks for one page, as small as the operation says. */
export const inventoryCheck = (name: string, operation: Operation, options: Options = {}): Check => ({
  name,
  tried: `${operation.method} ${operation.path}`,
  asks: "falcon",
  scopes: options.scopes ?? operation.scopes,
  find: Effect.gen(function* () {
    const answer = yield* askStrictly(operation)
    const isAnswer = options.isAnswer ?? ((one: Envelope) => one.has_resources)
    if (!isAnswer(answer)) return unknown("Falcon answers 200 without a list", "look at the health of the inventory")
    const total = answer.pagination?.total
    return ok(typeof total === "number" ? `${total} can be read` : "can be read")
  }).pipe(
    Effect.catchTag("FalconError", (error) =>
      Effect.succeed(options.optional ? asWarning(falconFinding(error)) : falconFinding(error)),
    ),
  ),
})

const asWarning = (finding: Finding): Finding =>
  finding.status === "failed" ? { ...finding, status: "warning" } : finding
