/** Where a credential may travel: URLs that an API gives are checked before anything is sent to them. */

/** Falcon's domains, the narrowest first: a GovCloud token stays within GovCloud. */
const FALCON_SITES = ["gcw.crowdstrike.com", "crowdstrike.com", "crowdstrike.mil"] as const

/** Whether a token for `base_url` may be sent to `url`; `whySiteDiffers` tells the reason when not. */
export const sameSite = (url: string, base_url: string): boolean => whySiteDiffers(url, base_url) === undefined

/**
 * Why a token for `base_url` must not be sent to `url`; `undefined` when it may.
 *
 * https stays https. Falcon serves streams from a sibling of its API host (`firehose.eu-1.crowdstrike.com` beside
 * `api.eu-1.crowdstrike.com`), so hosts of one Falcon domain are one site. For any other base the last two labels must
 * agree, and for an address or `localhost` the whole host. Ports are free.
 */
export function whySiteDiffers(url: string, base_url: string): string | undefined {
  if (!URL.canParse(url)) return "it is not an absolute URL"
  if (!URL.canParse(base_url)) return "base_url is not an absolute URL"
  const target = new URL(url)
  const base = new URL(base_url)
  if (target.protocol !== "https:" && target.protocol !== "http:") return `its scheme is ${target.protocol}`
  if (base.protocol === "https:" && target.protocol !== "https:") return "it leaves https"
  if (target.username !== "" || target.password !== "") return "it carries credentials of its own"
  if (target.hostname === base.hostname) return undefined
  const site = siteOf(base.hostname)
  return siteOf(target.hostname) === site ? undefined : `its host ${target.hostname} is outside ${site}`
}

function siteOf(hostname: string): string {
  if (isAddress(hostname)) return hostname
  const host = hostname.replace(/\.$/, "")
  const falcon = FALCON_SITES.find((site) => host === site || host.endsWith(`.${site}`))
  return falcon ?? host.split(".").slice(-2).join(".")
}

/** `URL` has already normalised IPv4 to four decimal parts and put IPv6 in brackets. */
const isAddress = (hostname: string): boolean => hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname)
