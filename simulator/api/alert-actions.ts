/** What `PATCH /alerts/entities/alerts/v3` does to an alert (falconpy `PatchEntitiesAlertsV3`, PSFalcon, falcon-mcp). */
import type { ConsoleUser } from "./people.ts"
import type { AlertState } from "./state.ts"

type Deed = (alert: AlertState) => void

const statuses: readonly string[] = ["new", "in_progress", "reopened", "closed"]
/** These exclude each other (falcon-mcp). */
const assignments: readonly string[] = ["assign_to_uuid", "assign_to_user_id", "assign_to_name", "unassign"]

/**
 * The changes that the parameters ask for, tags removed before others are added. Undefined when there are none, or when one means
 * nothing: a value is always a string, `"true"` and not `true`; a user must exist.
 */
export function deedsOf(
  parameters: readonly unknown[],
  users: readonly ConsoleUser[],
  now: number,
): readonly Deed[] | undefined {
  const rows = parameters.map((row) => (typeof row === "object" && row !== null ? row : {}) as Row)
  if (rows.filter(({ name }) => assignments.includes(String(name))).length > 1) return undefined
  const removes = rows.filter(({ name }) => String(name).startsWith("remove_"))
  const others = rows.filter((row) => !removes.includes(row))
  const deeds = [...removes, ...others].map(({ name, value }) => deedOf(String(name), value, users, now))
  return deeds.length === 0 || deeds.includes(undefined) ? undefined : (deeds as Deed[])
}

function set(alert: AlertState, changes: Partial<AlertState>): void {
  Object.assign(alert, changes)
}

interface Row {
  readonly name?: unknown
  readonly value?: unknown
}

function deedOf(name: string, value: unknown, users: readonly ConsoleUser[], now: number): Deed | undefined {
  // The value of `unassign` is ignored.
  if (name === "unassign") return (alert) => set(alert, { assigned: undefined })
  if (typeof value !== "string") return undefined
  const make = Object.hasOwn(makers, name) ? makers[name] : assigning(name, users)
  return make?.(value, now)
}

const makers: Readonly<Record<string, (value: string, now: number) => Deed | undefined>> = {
  update_status: (value) => (statuses.includes(value) ? (alert) => set(alert, { status: value }) : undefined),
  append_comment: (value, now) => {
    const comment = { value, timestamp: new Date(now).toISOString(), falcon_user_id: "api" }
    return value === "" ? undefined : (alert) => void alert.comments.push(comment)
  },
  add_tag: (value) => (alert) => {
    if (!alert.tags.includes(value)) alert.tags.push(value)
  },
  remove_tag: (value) => (alert) => set(alert, { tags: alert.tags.filter((tag) => tag !== value) }),
  remove_tags_by_prefix: (value) => (alert) => set(alert, { tags: alert.tags.filter((tag) => !tag.startsWith(value)) }),
  // "An empty/nil value is also valid" (crimson-falcon).
  show_in_ui: (value) =>
    ["true", "false", ""].includes(value) ? (alert) => set(alert, { show_in_ui: value !== "false" }) : undefined,
}

/** Finds the user by the key that the parameter names. */
function assigning(name: string, users: readonly ConsoleUser[]): ((value: string) => Deed | undefined) | undefined {
  const keys: Readonly<Record<string, (user: ConsoleUser) => string>> = {
    assign_to_uuid: ({ uuid }) => uuid,
    assign_to_user_id: ({ uid }) => uid,
    assign_to_name: fullName,
  }
  const keyOf = Object.hasOwn(keys, name) ? keys[name]! : undefined
  if (keyOf === undefined) return undefined
  return (value) => {
    const user = users.find((one) => keyOf(one).toLowerCase() === value.toLowerCase())
    if (user === undefined) return undefined
    const assigned = { uuid: user.uuid, uid: user.uid, name: fullName(user) }
    return (alert) => set(alert, { assigned })
  }
}

/** As the console shows it. */
export const fullName = ({ first_name, last_name }: ConsoleUser): string =>
  [first_name, last_name].filter((part) => part !== null).join(" ")
