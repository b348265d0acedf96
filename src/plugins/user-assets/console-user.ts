/** Maps a user of the Falcon console (gofalcon `DomainUser`) to an OCSF User Inventory Info event. */
import { isoOf, known, textOf, timeMs } from "../../core/assets/read-fields.ts"
import type { Mapped } from "../../core/assets/source.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { account_types } from "./ocsf.ts"
import { userEvent } from "./user-event.ts"

/** What Falcon's words for a user's status mean. Any other word says nothing. */
const enabled: Readonly<Record<string, boolean>> = { active: true, inactive: false, disabled: false, suspended: false }

/**
 * Maps one console user. Without `uuid` it is skipped. The name is `first.last` in lower case; who has neither is named by the e-mail address, and
 * without that by the uuid.
 */
export const mapConsoleUser = (entity: unknown, now_ms: number): Mapped => {
  const person = fieldsOf(entity)
  const id = textOf(person.uuid)
  if (id === undefined) return { kind: "skipped", id, reason: "it has no uuid" }
  const names = [textOf(person.first_name), textOf(person.last_name)].filter((name) => name !== undefined)
  const email_addr = textOf(person.uid)
  const name = names.length === 0 ? (email_addr ?? id) : names.join(".").toLowerCase()
  const user = known({
    uid: id,
    name,
    full_name: names.length === 0 ? undefined : names.join(" "),
    email_addr,
    account: { name, type: account_types[99], type_id: 99, uid: id },
    has_mfa: Array.isArray(person.factors) ? person.factors.length > 0 : undefined,
  })
  const data = known({
    is_enabled: enabled[textOf(person.status)?.toLowerCase() ?? ""],
    last_logon: isoOf(person.last_login_at),
  })
  return userEvent(
    id,
    { user, enrichments: [{ name: "login", value: "infos", data }] },
    timeMs(person.created_at),
    now_ms,
  )
}
