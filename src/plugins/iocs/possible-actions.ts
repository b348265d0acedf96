/** Which actions indicators of a type can have. Falcon is asked where that is not certain. */
import { Effect, Result } from "effect"
import { ArgumentError } from "../../core/actions/action.ts"
import { lookupOperation } from "../../core/actions/lookup-action.ts"
import { askStrictly, type Falcon } from "../../core/falcon/client.ts"
import { fieldsOf, isObject, listOf } from "../../core/json-object.ts"
import { action_details, actions, platforms as all_platforms } from "./indicator.ts"
import type { IocType } from "./ioc-value.ts"

interface Asked {
  readonly type: IocType
  /** What is to happen; `undefined` when it is left to us. */
  readonly action?: string | undefined
  readonly platforms: readonly string[]
}

/** What to send, and what the answer should say about it. */
interface Chosen {
  readonly action: string
  readonly note?: string
}

/**
 * Hashes can have every action on all three platforms, addresses and domains can be detected there
 * (terraform-provider-crowdstrike, `custom_ioc`, which lets addresses and domains have nothing else). Whether more is possible
 * by now, `GET /iocs/entities/actions/v1` says (`platforms_by_type`, gofalcon `APIActionV1`).
 */
const isCertain = (type: IocType, action: string): boolean =>
  type === "md5" || type === "sha256" || action === "detect" || action === "no_action"

/**
 * The action that is asked for, or refused with those that work. When none is asked for: `prevent`, or `detect` where that
 * cannot be. When Falcon does not tell what is possible, an action that was asked for is sent all the same, for Falcon to
 * judge, and what is left to us is `detect`, which every type can have.
 */
export const chooseAction = Effect.fnUntraced(function* (
  asked: Asked,
): Effect.fn.Return<Chosen, ArgumentError, Falcon> {
  const { type, action, platforms } = asked
  const wanted = action ?? "prevent"
  if (isCertain(type, wanted)) return { action: wanted }
  const possible = yield* askFalcon(type)
  if (typeof possible === "string") {
    const because = `Falcon did not say what ${type} can have (${possible})`
    return action === undefined
      ? { action: "detect", note: `detected, not prevented: ${because}` }
      : { action, note: `${because}, so that ${action} was sent as it is` }
  }
  const lacking = platforms.filter((platform) => possible.get(wanted)?.includes(platform) !== true)
  if (lacking.length === 0) return { action: wanted }
  const works = actions.filter((one) => platforms.every((platform) => possible.get(one)?.includes(platform) === true))
  const reason = `Falcon cannot ${wanted} ${type} on ${lacking.join(", ")}`
  if (action === undefined && works.includes("detect")) return { action: "detect", note: `detected: ${reason}` }
  const word =
    works.length === 0 ? `nothing works on all of ${platforms.join(", ")}` : `what works: ${works.join(", ")}`
  return yield* new ArgumentError({ field: "action", message: `${reason}; ${word}` })
})

/** The platforms of each action for this type; or why that is not known. */
const askFalcon = Effect.fnUntraced(function* (type: IocType) {
  const answer = yield* Effect.result(askStrictly(lookupOperation(action_details, actions)))
  if (Result.isFailure(answer)) return answer.failure.message
  const possible = new Map<string, readonly string[]>()
  for (const resource of answer.success.resources) {
    const { id, platforms_by_type } = fieldsOf(resource)
    if (typeof id !== "string" || !isObject(platforms_by_type)) continue
    const platforms = new Set(listOf(platforms_by_type[type]).map((one) => String(one).toLowerCase()))
    possible.set(
      id,
      all_platforms.filter((one) => platforms.has(one)),
    )
  }
  // Falcon knows of actions for every type; a list without any is no answer.
  const some = [...possible.values()].some((platforms) => platforms.length > 0)
  return some ? possible : "its list of actions has nothing about this type"
})
