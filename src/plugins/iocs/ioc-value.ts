/** The values of indicators: how they are written, and whether they are what their type says. */
import { isIPv4, isIPv6 } from "node:net"
import { domainToASCII } from "node:url"
import { iocs } from "./limits.ts"

/** Falcon's types of indicators (PSFalcon, falcon-mcp). */
export const ioc_types = ["md5", "sha256", "domain", "ipv4", "ipv6"] as const

export type IocType = (typeof ioc_types)[number]

export const isIocType = (type: string): type is IocType => ioc_types.some((one) => one === type)

/** A value as it is sent, or why it is none. */
export type Checked = { readonly value: string } | { readonly reason: string }

/**
 * A value in the one form in which it is compared and sent: trimmed and lower-case, an address without the `/32` or `/128` that
 * says no more than itself, IPv6 as RFC 5952 writes it, a domain without the dot of the root and in its `xn--` form. Refused
 * unless it fits its type. A CIDR range is never taken for an address.
 */
export const checkValue = (type: IocType, raw: string): Checked => {
  // Punycode makes a text longer, not shorter: what is too long here needs no more work.
  if (raw.length > iocs.given_chars_max) return { reason: too_long }
  const value = forms[type](raw.trim().toLowerCase())
  if (value.length > iocs.value_chars_max) return { reason: too_long }
  const reason = problems[type](value)
  return reason === undefined ? { value } : { reason }
}

const too_long = `longer than ${iocs.value_chars_max} characters`

/** A value as `checkValue` writes it; as it is, when it is none. */
export const canonicalValue = (type: string, raw: string): string => {
  if (!isIocType(type)) return raw.toLowerCase()
  const checked = checkValue(type, raw)
  return "value" in checked ? checked.value : raw.toLowerCase()
}

const same = (value: string): string => value

const forms: Readonly<Record<IocType, (value: string) => string>> = {
  md5: same,
  sha256: same,
  ipv4: (value) => value.replace(/\/32$/, ""),
  ipv6: (value) => canonicalIPv6(value.replace(/\/128$/, "")),
  domain: (value) => asciiDomain(value.replace(/(?<=.)\.$/, "")),
}

/** The URL standard writes IPv6 as RFC 5952 does, except that an IPv4 part stays hexadecimal. */
const canonicalIPv6 = (value: string): string =>
  isIPv6(value) && !value.includes("%") ? new URL(`http://[${value}]/`).hostname.slice(1, -1) : value

/** International names in their `xn--` form (UTS 46); what has none stays, and is refused by what it holds. */
const asciiDomain = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? value : domainToASCII(value).replace(/(?<=.)\.$/, "") || value

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

/** At least two labels, the last not all digits. */
const isDomain = (value: string): boolean => {
  const labels = value.split(".")
  return labels.length > 1 && labels.every((label) => label_form.test(label)) && !/^\d+$/.test(labels.at(-1)!)
}
