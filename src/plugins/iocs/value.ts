/** The values of indicators: how they are written, and whether they are what their type says. */
import { isIPv4, isIPv6 } from "node:net"
import { iocs } from "../../core/limits.ts"

/** Falcon's types of indicators (PSFalcon, falcon-mcp). */
export const ioc_types = ["md5", "sha256", "domain", "ipv4", "ipv6"] as const

export type IocType = (typeof ioc_types)[number]

export const isIocType = (type: string): type is IocType => ioc_types.some((one) => one === type)

/** A value as it is sent, or why it is none. */
export type Checked = { readonly value: string } | { readonly reason: string }

/** Trimmed and lower-case; refused unless it fits its type. A CIDR range is never taken for an address. */
export function checkValue(type: IocType, raw: string): Checked {
  const value = raw.trim().toLowerCase()
  if (value.length > iocs.value_chars_max) return { reason: `longer than ${iocs.value_chars_max} characters` }
  const reason = problems[type](value)
  return reason === undefined ? { value } : { reason }
}

const problems: Readonly<Record<IocType, (value: string) => string | undefined>> = {
  md5: (value) => hash(value, 32),
  sha256: (value) => hash(value, 64),
  ipv4: (value) => range(value) ?? (isIPv4(value) ? undefined : "not an IPv4 address"),
  // Node's check lets a zone through (`fe80::1%eth0`), which means something on one machine only.
  ipv6: (value) => range(value) ?? (isIPv6(value) && !value.includes("%") ? undefined : "not an IPv6 address"),
  domain: (value) => (isDomain(value) ? undefined : "not a domain name"),
}

const hash = (value: string, digits: number) =>
  value.length === digits && /^[0-9a-f]+$/.test(value) ? undefined : `not a hash of ${digits} hexadecimal digits`

const range = (value: string) => (value.includes("/") ? "a CIDR range: Falcon takes single addresses only" : undefined)

const label_form = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/** At least two labels, the last not all digits. International names in their `xn--` form only. */
function isDomain(value: string): boolean {
  const labels = value.split(".")
  return labels.length > 1 && labels.every((label) => label_form.test(label)) && !/^\d+$/.test(labels.at(-1)!)
}
