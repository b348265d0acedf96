/** `NO_PROXY`: which hosts are reached directly. */

interface Rule {
  readonly host: string
  readonly port: string | undefined
}

/**
 * Whether `url` is reached without the proxy. As curl does it: a list parted by commas or blanks, letter case free;
 * `example.com` and `.example.com` both mean the host and everything below it; an address means itself, `10.0.0.0/8` a
 * range of IPv4; `:port` narrows an entry; `*` alone means all. Loopback is never proxied.
 */
export function isDirect(url: URL, no_proxy: string | undefined): boolean {
  const host = bare(url.hostname)
  if (isLoopback(host)) return true
  const port = url.port || (url.protocol === "https:" ? "443" : "80")
  return entries(no_proxy ?? "").some(
    (rule) => matches(host, rule.host) && (rule.port === undefined || rule.port === port),
  )
}

/** Host and port of the proxy that a request goes through; `undefined` when it goes straight. */
export function proxyOf(
  url: URL,
  options: { readonly proxy?: string | undefined; readonly no_proxy?: string | undefined },
) {
  return options.proxy === undefined || isDirect(url, options.no_proxy) ? undefined : URL.parse(options.proxy)?.host
}

function entries(list: string): readonly Rule[] {
  return list.split(/[\s,]+/).flatMap((entry) => {
    const [, host, port] = /^(\[[^\]]*\]|[^:]*|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry) ?? []
    return host === undefined || host === "" ? [] : [{ host: bare(host), port }]
  })
}

function matches(host: string, rule: string): boolean {
  if (rule === "*") return true
  if (rule.includes("/")) return inRange(host, rule)
  const suffix = rule.replace(/^\./, "")
  return suffix !== "" && (host === suffix || host.endsWith(`.${suffix}`))
}

/** IPv4 only: `10.1.2.3` in `10.0.0.0/8`. */
function inRange(host: string, rule: string): boolean {
  const [network = "", bits = ""] = rule.split("/")
  const [address, base] = [ipv4(host), ipv4(network)]
  if (address === undefined || base === undefined || !/^([0-9]|[12][0-9]|3[0-2])$/.test(bits)) return false
  const size = 2 ** (32 - Number(bits))
  return Math.floor(address / size) === Math.floor(base / size)
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".").map(Number)
  if (parts.length !== 4 || !/^[\d.]+$/.test(text) || parts.some((part) => part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "::1" || host.startsWith("127.")

/** Lower case, without the brackets of IPv6 and the dot at the end of a full name. */
const bare = (host: string): string => host.toLowerCase().replace(/^\[|\]$|\.$/g, "")
