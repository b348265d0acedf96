/** Maps a user entity of Falcon Identity Protection to an OCSF User Inventory Info event. */
import { known, textOf, textsOf, timeMs } from "../../core/assets/read-fields.ts"
import type { Mapped } from "../../core/assets/source.ts"
import { fieldsOf, type JsonObject, listOf } from "../../core/json-object.ts"
import { type AccountTypeId, account_types, type RiskLevelId, risk_levels, user_types } from "./ocsf.ts"
import { userEvent } from "./user-event.ts"

/** Maps one entity. Without `entityId` it is skipped. Of its accounts the first counts, as in the Python module. */
export const mapIdentity = (entity: unknown, now_ms: number): Mapped => {
  const person = fieldsOf(entity)
  const id = textOf(person.entityId)
  if (id === undefined) return { kind: "skipped", id, reason: "it has no entityId" }
  const first = listOf(person.accounts).find((account) => Object.keys(fieldsOf(account)).length > 0)
  const account = first === undefined ? undefined : fieldsOf(first)
  const names = [textOf(person.primaryDisplayName), textOf(person.secondaryDisplayName)].filter(
    (name) => name !== undefined,
  )
  const email_addr = textsOf(person.emailAddresses)[0]
  const name = names[0] ?? textOf(account?.samAccountName) ?? email_addr ?? id
  const type_id = userTypeOf(person)
  const user = known({
    uid: id,
    name,
    full_name: names.length === 0 ? undefined : [...new Set(names)].join(" "),
    email_addr,
    domain: textOf(account?.domain),
    account: account === undefined ? undefined : accountOf(account, name, id),
    type: type_id === undefined ? undefined : user_types[type_id],
    type_id,
    ...riskOf(person),
  })
  return userEvent(
    id,
    known({ user, enrichments: account === undefined ? undefined : [detailsOf(account)] }),
    timeMs(person.creationTime),
    now_ms,
  )
}

/** Not known where Falcon names no roles: an empty list says that there are none, `null` says nothing. */
const userTypeOf = ({ roles }: JsonObject): keyof typeof user_types | undefined => {
  if (!Array.isArray(roles)) return undefined
  return roles.some((role) => textOf(fieldsOf(role).type)?.toUpperCase().includes("ADMIN") === true) ? 2 : 1
}

const accountTypeOf = (account: JsonObject): AccountTypeId => {
  const source = textOf(account.dataSource)?.toUpperCase() ?? ""
  if (source.includes("ACTIVE_DIRECTORY") || textOf(account.objectSid) !== undefined) return 1
  if (source.includes("AZURE")) return 6
  return source === "" ? 0 : 99
}

const accountOf = (account: JsonObject, name: string, id: string) => {
  const type_id = accountTypeOf(account)
  return {
    name: textOf(account.samAccountName) ?? name,
    type: account_types[type_id],
    type_id,
    uid: textOf(account.objectSid) ?? textOf(account.objectGuid) ?? id,
  }
}

const detailsOf = (account: JsonObject) => ({
  name: "account_details" as const,
  value: account_types[accountTypeOf(account)],
  data: typeof account.enabled === "boolean" ? { is_enabled: account.enabled } : {},
})

const severities: Readonly<Record<string, RiskLevelId>> = { INFO: 0, LOW: 1, MEDIUM: 2, HIGH: 3, CRITICAL: 4 }

/** Falcon's score is a share of one. NORMAL, the severity of most users, is no level of OCSF. */
const riskOf = ({ riskScore, riskScoreSeverity }: JsonObject) => {
  const risk_level_id = severities[textOf(riskScoreSeverity)?.toUpperCase() ?? ""]
  const scored = typeof riskScore === "number" && Number.isFinite(riskScore)
  return known({
    risk_level: risk_level_id === undefined ? undefined : risk_levels[risk_level_id],
    risk_level_id,
    risk_score: scored ? Math.round(riskScore * 100) : undefined,
  })
}
