/** Connections of our own: TCP or TLS, straight or through a proxy, with the certificates that are trusted. */
import { Buffer } from "node:buffer"
import net from "node:net"
import tls from "node:tls"
import { percentDecoded } from "../../../telemetry/redact.ts"
import { sockets } from "../limits.ts"
import { isDirect } from "../no-proxy.ts"
import { HeadReader } from "./response-head.ts"

export interface DialOptions {
  /** `http://host:port` or `https://host:port`, with `user:password@` when needed. */
  readonly proxy?: string | undefined
  /** curl's syntax, see `isDirect`. */
  readonly no_proxy?: string | undefined
  /** Certificate authorities beside the built-in ones, PEM. */
  readonly ca_pem?: string | undefined
}

/** A connection on which a request for `url` can be written. */
export interface Dialled {
  readonly socket: net.Socket
  /** What the request line names: the path, or the whole URL for a proxy that fetches it itself. */
  readonly target: string
  /** What such a proxy wants to be told beside the request. */
  readonly headers: Readonly<Record<string, string>>
}

/** The proxy answered something else than 2xx to CONNECT, or named no status at all. */
class TunnelError extends Error {
  readonly code = "ERR_PROXY_TUNNEL"
}

/**
 * Connects; fails with the error of the runtime, whose `code` says what happened (`transportError` reads it). An aborted `signal`
 * destroys the socket, during and after the dialling.
 */
export async function dial(url: URL, options: DialOptions, signal: AbortSignal): Promise<Dialled> {
  const proxy = options.proxy === undefined || isDirect(url, options.no_proxy) ? undefined : new URL(options.proxy)
  if (proxy === undefined) {
    const socket = await (isSecure(url) ? overTls(url, undefined, options, signal) : overTcp(url, signal))
    return { socket, target: pathOf(url), headers: {} }
  }
  const to_proxy = await (isSecure(proxy) ? overTls(proxy, undefined, options, signal) : overTcp(proxy, signal))
  if (!isSecure(url)) return { socket: to_proxy, target: `${url.origin}${pathOf(url)}`, headers: credentialsOf(proxy) }
  await openTunnel(to_proxy, url, credentialsOf(proxy))
  return { socket: await overTls(url, to_proxy, options, signal), target: pathOf(url), headers: {} }
}

const isSecure = ({ protocol }: URL): boolean => protocol === "https:"
const pathOf = ({ pathname, search }: URL): string => `${pathname}${search}`
const portOf = (url: URL): number => Number(url.port || (isSecure(url) ? 443 : 80))
/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "")

const credentialsOf = ({ username, password }: URL): Readonly<Record<string, string>> => {
  if (username === "" && password === "") return {}
  const pair = `${percentDecoded(username)}:${percentDecoded(password)}`
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` }
}

const overTcp = (url: URL, signal: AbortSignal): Promise<net.Socket> =>
  ready(net.connect({ host: hostOf(url), port: portOf(url) }), "connect", signal)

/** Verified always, whatever the environment says: `NODE_TLS_REJECT_UNAUTHORIZED` is not asked. */
const overTls = (url: URL, through: net.Socket | undefined, options: DialOptions, signal: AbortSignal) => {
  const host = hostOf(url)
  const socket = tls.connect({
    ...(through === undefined ? { port: portOf(url) } : { socket: through }),
    host,
    // A name for the server to choose its certificate by; an address must not be sent as one (RFC 6066, 3).
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(options.ca_pem === undefined ? {} : { ca: trusted(options.ca_pem) }),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true,
  })
  return ready(socket, "secureConnect", signal)
}

/** `ca` replaces the built-in list, so the list is handed over together with ours. */
const trusted = (ca_pem: string): string[] => [...(tls.getCACertificates?.("default") ?? tls.rootCertificates), ca_pem]

function ready(socket: net.Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<net.Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>()
  const abort = () => {
    socket.destroy()
    reject(signal.reason)
  }
  if (signal.aborted) abort()
  else signal.addEventListener("abort", abort, { once: true })
  socket.once("close", () => {
    signal.removeEventListener("abort", abort)
    reject(Object.assign(new Error("closed"), { code: "ECONNRESET" }))
  })
  socket.on("error", reject)
  socket.once(event, () => {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, sockets.keepalive_ms)
    resolve(socket)
  })
  return promise
}

async function openTunnel(socket: net.Socket, url: URL, headers: Readonly<Record<string, string>>): Promise<void> {
  const authority = `${url.hostname}:${portOf(url)}`
  socket.write(requestHead("CONNECT", authority, { host: authority, ...headers }))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const reader = new HeadReader()
  const fail = () => reject(new TunnelError("the proxy opened no tunnel"))
  const take = (bytes: Buffer) => {
    try {
      const head = reader.take(bytes)
      if (head === undefined) return
      // Nothing may come before we speak.
      if (head.status < 300 && head.rest.length === 0) resolve()
      else fail()
    } catch {
      fail()
    }
  }
  socket.on("data", take)
  socket.once("close", fail)
  try {
    await promise
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    socket.off("data", take)
    socket.off("close", fail)
    socket.pause()
  }
}

/** The bytes of a request without a body. */
export const requestHead = (method: string, target: string, headers: Readonly<Record<string, string>>): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${plain(value)}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`
}

/** A header value cannot end its line, and begin another one. */
const plain = (value: string): string => value.replaceAll(/[\r\n\0]/g, " ")
