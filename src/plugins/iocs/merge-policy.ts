/** Decides what becomes of an indicator that exists already when another one of its type and value is wished for. */
import { cleanText } from "../../core/text.ts"
import { type Indicator, isOurs, ours, platforms } from "./indicator.ts"
import type { Value } from "./stix-values.ts"

/** An indicator as it should be. */
export interface Wish extends Value {
  readonly action: string
  readonly severity?: string | undefined
  readonly platforms?: readonly string[] | undefined
  readonly host_groups?: readonly string[] | undefined
  readonly description?: string | undefined
  readonly expiration?: string | undefined
}

/** The row that creates an indicator. Nothing empty is sent: Falcon takes an empty text for a value (observed in the Python module). */
export const newIndicator = (wish: Wish): Readonly<Record<string, unknown>> => ({
  type: wish.type,
  value: wish.value,
  source: ours,
  tags: [ours],
  ...settings(wish),
})

/** The row that changes one of our indicators: all that can be changed. */
const ownChange = (existing: Indicator, wish: Wish): Readonly<Record<string, unknown>> => ({
  id: existing.id,
  ...settings(wish),
})

/** The row that changes an indicator of another source: only what it does and for how long. Its source, tags, text and hosts stay. */
const foreignChange = (existing: Indicator, wish: Wish): Readonly<Record<string, unknown>> => ({
  id: existing.id,
  ...effect(wish),
})

const effect = ({ action, severity, expiration }: Wish) => ({
  action,
  // An indicator that raises no alert has none.
  ...(action !== "allow" && action !== "no_action" && { severity: severity ?? "high" }),
  ...(expiration !== undefined && { expiration }),
})

const settings = (wish: Wish): Readonly<Record<string, unknown>> => {
  const groups = wish.host_groups ?? []
  return {
    ...effect(wish),
    ...(wish.description !== undefined && { description: wish.description }),
    platforms: wish.platforms ?? platforms,
    applied_globally: groups.length === 0,
    ...(groups.length > 0 && { host_groups: groups }),
  }
}

/** Weakest first. `allow` is not among them: somebody made an exception. */
const strength = ["no_action", "detect", "prevent_no_ui", "prevent"]

export type Plan =
  | { readonly change: Readonly<Record<string, unknown>>; readonly reason?: string }
  | { readonly skip: string }

/**
 * The policy of a push, whose rows nobody looks at one by one: nothing is weakened. One of our indicators keeps an action that is
 * stronger, and gets the rest. One of another source is only made stronger, and not changed when its action is `allow`.
 */
export const planPush = (existing: Indicator, wish: Wish): Plan => {
  const action = existing.action ?? "no_action"
  const stronger = strength.indexOf(action) > strength.indexOf(wish.action)
  if (isOurs(existing)) {
    if (!stronger) return { change: ownChange(existing, wish) }
    return { change: ownChange(existing, { ...wish, action }), reason: `kept its stronger action ${action}` }
  }
  const where = notOn(existing, wish)
  if (existing.expired === true || stronger || action === wish.action || action === "allow") {
    const state = existing.expired === true ? ", expired" : ""
    return { skip: `${theirs(existing)} has it with action ${action}${state}${action === "allow" ? "" : where}` }
  }
  return { change: foreignChange(existing, wish), reason: `${changed(existing, wish)}${where}` }
}

/** The policy for a person who names one indicator: it becomes what they say, and the answer says what it was before. */
export const planUpsert = (
  existing: Indicator,
  wish: Wish,
): { change: Readonly<Record<string, unknown>>; reason: string } => {
  if (isOurs(existing)) {
    const ends =
      wish.expiration === undefined && existing.expiration != null ? `; it ends on ${existing.expiration}` : ""
    return { change: ownChange(existing, wish), reason: `it existed with action ${existing.action}${ends}` }
  }
  const reason = `${changed(existing, wish)}; its hosts and source stay${notOn(existing, wish)}`
  return { change: foreignChange(existing, wish), reason }
}

const changed = (existing: Indicator, wish: Wish): string =>
  `${theirs(existing)} had it with action ${existing.action ?? "none"}, now ${wish.action}`

/** The platforms on which somebody else's indicator does not do what is wished, since its platforms stay. */
const notOn = (existing: Indicator, wish: Wish): string => {
  const own = existing.platforms?.map((platform) => platform.toLowerCase())
  const lacking = (wish.platforms ?? platforms).filter((platform) => own?.includes(platform) === false)
  return lacking.length === 0 ? "" : `; not on ${lacking.join(", ")}`
}

export const theirs = ({ source }: Indicator): string =>
  typeof source === "string" && source !== "" ? `source "${cleanText(source, 100)}"` : "another source"
