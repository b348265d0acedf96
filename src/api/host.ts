/**
 * Which names we answer to. A page of the web can let its own name lead to this machine and so talk to us as if we were its
 * server; the `Host` that a browser sends then is that name. Addresses cannot be led astray, so they pass.
 */
import { isIP } from "node:net"
import { type ApiContext, refuseWith } from "./api.ts"

/**
 * The path of a request, also where its `Host` is missing or no host at all: Bun then gives the path alone for a URL, or
 * something that is none.
 */
export const pathOf = ({ url }: Request): string => {
  const begin = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3)
  if (begin < 0) return "/"
  const end = url.slice(begin).search(/[?#]/)
  return end < 0 ? url.slice(begin) : url.slice(begin, begin + end)
}

/**
 * Lets only requests pass that mean one of `names`, this machine, or an address. `/health` also answers HTTP/1.0 without a
 * `Host`, as some load balancers ask.
 */
export const checkHost = (names: readonly string[]) => {
  const known = new Set(["localhost", ...names.map(bare)])
  return async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const given = c.req.header("host") ?? (URL.canParse(c.req.url) ? new URL(c.req.url).host : "")
    const [, name] = /^(\[[\da-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?$/.exec(given) ?? []
    if (name === undefined && given === "" && /^\/health(\/|$)/.test(c.req.path)) {
      await next()
      return undefined
    }
    if (name === undefined) return refuseWith(c, "invalid-request", "the Host header is missing or names no host")
    const host = bare(name)
    if (!known.has(host) && !host.endsWith(".localhost") && isIP(host) === 0) {
      return refuseWith(
        c,
        "wrong-host",
        "this server has another name; add this one to server.allowed_hosts if it is right",
      )
    }
    await next()
    return undefined
  }
}

/** Lower case, without the brackets of IPv6 and the dot at the end of a full name. */
const bare = (host: string): string => host.toLowerCase().replaceAll(/^\[|\]$|\.$/g, "")
