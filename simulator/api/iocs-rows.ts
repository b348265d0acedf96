/** What Falcon has against a row that is to become an indicator. */
import { isIPv4, isIPv6 } from "node:net"

export type IocRow = Readonly<Record<string, unknown>>

/** One complaint about one row. A warning is overlooked with `ignore_warnings`. */
export interface Complaint {
  readonly field_name: string
  readonly message: string
  readonly message_type: "error" | "warning"
}

const error = (field_name: string, message: string): Complaint => ({ field_name, message, message_type: "error" })

const forms: Readonly<Record<string, (value: string) => boolean>> = {
  md5: (value) => /^[0-9a-f]{32}$/i.test(value),
  sha256: (value) => /^[0-9a-f]{64}$/i.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  domain: (value) => /^[\w-]+(\.[\w-]+)+$/.test(value),
}

/** About what a new row is. */
export function aboutValue({ type, value }: IocRow): readonly Complaint[] {
  const form = Object.hasOwn(forms, String(type)) ? forms[String(type)] : undefined
  if (form === undefined) return [error("type", `Invalid type: '${type}'`)]
  return form(String(value)) ? [] : [error("value", `Invalid ${type} value: '${value}'`)]
}

/**
 * Addresses and domains can only be detected on computers, hashes do not exist on phones (CrowdStrike's own
 * terraform-provider-crowdstrike, `custom_ioc`, which refuses the rest before it is sent).
 */
function aboutPlaces({ type, action, platforms }: IocRow): readonly Complaint[] {
  const places = Array.isArray(platforms) ? platforms.map(String) : []
  const on_phones = places.filter((one) => one === "ios" || one === "android")
  const is_hash = type === "md5" || type === "sha256"
  if (is_hash) return on_phones.map((one) => error("platforms", `Platform '${one}' is not supported for ${type}`))
  const can = ["detect", "no_action"].includes(String(action)) || on_phones.length === places.length
  return can ? [] : [error("action", `Action '${action}' is not supported for ${type}`)]
}

/** About what a row, or a changed indicator, does. The warning is the simulator's own; Falcon's are not documented. */
export function aboutEffect(row: IocRow, now: number): readonly Complaint[] {
  const { action, severity, platforms, applied_globally, host_groups, expiration, description, source, value } = row
  const found: Complaint[] = [...aboutPlaces(row)]
  if (!["no_action", "allow", "detect", "prevent", "prevent_no_ui"].includes(String(action))) {
    found.push(error("action", `Invalid action: '${action}'`))
  } else if (action !== "allow" && action !== "no_action" && severity === undefined) {
    found.push(error("severity", "Severity is required with this action"))
  }
  if (!Array.isArray(platforms) || platforms.length === 0)
    found.push(error("platforms", "At least one platform is required"))
  const grouped = Array.isArray(host_groups) && host_groups.length > 0
  if ((applied_globally === true) === grouped) {
    found.push(error("applied_globally", "Either applied_globally or host_groups is required"))
  }
  if (expiration !== undefined && !(Date.parse(String(expiration)) > now)) {
    found.push(error("expiration", "Expiration must be a date in the future"))
  }
  if (description === "") found.push(error("description", "Description must not be empty"))
  if (String(source ?? "").length > 256) found.push(error("source", "Source is longer than 256 characters"))
  if (/^(10|127)\./.test(String(value))) {
    found.push({ field_name: "value", message: "The address is a private one", message_type: "warning" })
  }
  return found
}
