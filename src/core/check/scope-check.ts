/** Whether the API client has a scope, asked in the cheapest way that changes nothing. */
import { Effect } from "effect"
import { askStrictly, type Falcon } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import type { Operation } from "../falcon/operation.ts"
import { type Check, type Finding, ok, unknown } from "./check.ts"
import { falconFinding } from "./falcon-finding.ts"

/** A call as a check asks it. */
export type Question = Pick<Operation, "method" | "path" | "query" | "body" | "retired">

/** Asks for one thing of a list. Only a list is a success: any other 200 may be anybody's. */
export const readCheck = (scope: string, question: Question): Check =>
  scopeCheck(scope, question, (operation) =>
    Effect.gen(function* () {
      const answer = yield* askStrictly(operation)
      if (answer.has_resources) return ok("Falcon answers with a list")
      return unknown("Falcon answers 200 without a list", "look into the Falcon console whether the scope is granted")
    }),
  )

/**
 * Asks for a change of nothing: no id, no row, no field, and where it can be no name of an action, so that there is nothing that it
 * could do. Refused with 403 where the scope is missing (ansible_collection_falcon issue 154); but services behind
 * Falcon's gateway look at permissions by themselves as well (Sekoia's tests of alerts), and may complain about the empty request first.
 * So no answer proves the scope.
 */
export const writeCheck = (scope: string, question: Question): Check =>
  scopeCheck(scope, question, (operation) =>
    askStrictly(operation).pipe(
      Effect.map(({ status }) => not_refused(String(status))),
      Effect.catchTag("FalconError", (error) =>
        error.reason === "rejected" && (error.status ?? 0) >= 400
          ? Effect.succeed(not_refused(String(error.status)))
          : Effect.fail(error),
      ),
    ),
  )

const not_refused = (status: string): Finding =>
  unknown(
    `a change of nothing is answered ${status} and not 403, which does not prove the scope`,
    "look into the Falcon console whether the scope is granted, or see what health says after the first change",
  )

const scopeCheck = (
  scope: string,
  question: Question,
  ask: (operation: Operation) => Effect.Effect<Finding, FalconError, Falcon>,
): Check => {
  const operation: Operation = { ...question, name: `check.${question.path}`, idempotent: true, scopes: [scope] }
  const { retired } = question
  return {
    name: scope,
    tried: `${question.method} ${question.path}`,
    scopes: [scope],
    scope_only: true,
    asks: retired === undefined ? "falcon" : "others",
    find:
      retired === undefined
        ? Effect.catchTag(ask(operation), "FalconError", (error) => Effect.succeed(falconFinding(error)))
        : Effect.succeed(ok(`not asked: withdrawn on ${retired.since}, nobody needs this scope any more`)),
  }
}
