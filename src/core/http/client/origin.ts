/** Where a credential may travel: URLs that an API gives are checked before anything is sent to them. */

import { texts } from "../../limits.ts"
import { cleanText } from "../../text.ts"

/** Falcon's domains, the narrowest first: a GovCloud token stays within GovCloud. */
const FALCON_SITES = ["gcw.crowdstrike.com", "crowdstrike.com", "crowdstrike.mil"] as const

/** Whether a token for `base_url` may be sent to `url`; `whySiteDiffers` tells the reason when not. */
export const sameSite = (url: string, base_url: string): boolean => whySiteDiffers(url, base_url) === undefined

/**
 * Why a token for `base_url` must not be sent to `url`; `undefined` when it may.
 *
 * https stays https. Falcon serves streams from a sibling of its API host (`firehose.eu-1.crowdstrike.com` beside
 * `api.eu-1.crowdstrike.com`), so hosts of one Falcon domain are one site. For any other base the whole host must agree: where a
 * site ends is written in no name (`co.uk` is none). Ports are free.
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
  return siteOf(target.hostname) === site
    ? undefined
    : `its host ${cleanText(target.hostname, texts.host_chars_max)} is outside ${site}`
}

/** The Falcon domain that a host belongs to, else the host itself. */
function siteOf(hostname: string): string {
  const host = hostname.replace(/\.$/, "")
  return FALCON_SITES.find((site) => host === site || host.endsWith(`.${site}`)) ?? host
}
