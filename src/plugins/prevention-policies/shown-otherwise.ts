/** Compares a policy that Falcon returned with what was asked for: a 2xx may have applied less, or nothing. */
import { idField } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { fieldsOf, listOf } from "../../core/json-object.ts"
import { cleanText } from "../../core/text.ts"
import { policy_args } from "./limits.ts"

interface Asked {
  readonly name?: string | undefined
  readonly settings?: readonly { readonly id: string; readonly value: Readonly<Record<string, unknown>> }[] | undefined
}

/**
 * What the policy shows otherwise: its name, a setting with another value, a setting that it does not have. What it does not show says
 * nothing, and neither do settings of a form that cannot be read.
 */
export const shownOtherwise = ({ name, settings = [] }: Asked, resource: unknown): string | undefined => {
  const shown = fieldsOf(resource)
  const other_name = typeof shown.name === "string" && name !== undefined && shown.name !== name ? ["another name"] : []
  const own = settingsOf(shown.prevention_settings)
  const others = own.size === 0 ? [] : settings.flatMap(({ id, value }) => otherwise(id, value, own.get(idKey(id))))
  const all = [...other_name, ...others]
  if (all.length === 0) return undefined
  const more = all.length > policy_args.differences_max ? `, and ${all.length - policy_args.differences_max} more` : ""
  return `Falcon returned the policy with ${all.slice(0, policy_args.differences_max).join(", ")}${more}`
}

/** By id; each category has a list of its own (gofalcon `PreventionCategoryRespV1`). */
const settingsOf = (categories: unknown): ReadonlyMap<string, unknown> => {
  const lists = listOf(categories).map((category) => listOf(fieldsOf(category).settings))
  const entries = lists.flat().flatMap((setting): [string, unknown][] => {
    const id = settingIdOf(setting)
    return id === undefined ? [] : [[idKey(id), (setting as { readonly value?: unknown }).value]]
  })
  return new Map(entries)
}

const settingIdOf = idField("id")

const otherwise = (id: string, wanted: Readonly<Record<string, unknown>>, own: unknown): readonly string[] => {
  if (own === undefined) return [`no setting ${cleanText(id, policy_args.setting_chars_max)}`]
  const values = (typeof own === "object" ? own : undefined) as Readonly<Record<string, unknown>> | null | undefined
  return Object.entries(wanted).flatMap(([key, value]) => {
    const shown = values?.[key]
    if (shown === undefined || shown === null || word(shown) === word(value)) return []
    const [was, asked] = [shown, value].map((one) => cleanText(String(one), policy_args.setting_chars_max))
    return [`${cleanText(`${id}.${key}`, policy_args.setting_chars_max)} ${was} instead of ${asked}`]
  })
}

const word = (value: unknown): string =>
  (typeof value === "object" ? JSON.stringify(value) : String(value)).toLowerCase()
