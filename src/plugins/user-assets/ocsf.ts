/** OCSF User Inventory Info (class 5003), as far as Sekoia's asset API reads it and Falcon has something to say. */
import { z } from "zod"
import { inventoryClass } from "../../core/assets/ocsf.ts"

export const class_uid = 5003
export const class_name = "User Inventory Info"

/** By OCSF id. */
export const account_types = { 0: "Unknown", 1: "LDAP Account", 6: "Azure AD Account", 99: "Other" } as const
export const user_types = { 1: "User", 2: "Admin" } as const
export const risk_levels = { 0: "Info", 1: "Low", 2: "Medium", 3: "High", 4: "Critical" } as const

export type AccountTypeId = keyof typeof account_types
export type RiskLevelId = keyof typeof risk_levels

const idOf = (table: Readonly<Record<number, string>>) =>
  z.literal(Object.keys(table).map(Number) as [number, ...number[]])
const nameOf = (table: Readonly<Record<number, string>>) => z.enum(Object.values(table) as [string, ...string[]])

const account = z.strictObject({
  name: z.string(),
  type: nameOf(account_types),
  type_id: idOf(account_types),
  uid: z.string(),
})

const user = z.strictObject({
  /** The UUID of a console user, the entity id of an identity. */
  uid: z.string(),
  name: z.string(),
  full_name: z.string().optional(),
  email_addr: z.string().optional(),
  domain: z.string().optional(),
  account: account.optional(),
  type: nameOf(user_types).optional(),
  type_id: idOf(user_types).optional(),
  /** Only of console users: Falcon says nothing about the others. */
  has_mfa: z.boolean().optional(),
  risk_level: nameOf(risk_levels).optional(),
  risk_level_id: idOf(risk_levels).optional(),
  /** 0 to 100. */
  risk_score: z.int().optional(),
})

const enrichment = z.strictObject({
  name: z.enum(["login", "account_details"]),
  value: z.string(),
  data: z.strictObject({
    is_enabled: z.boolean().optional(),
    /** ISO 8601, as Falcon has it. */
    last_logon: z.string().optional(),
  }),
})

/** One item of the asset API. */
export const userInventory = z.strictObject({
  ...inventoryClass(class_uid, class_name),
  user,
  enrichments: z.array(enrichment).optional(),
})
