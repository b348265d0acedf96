/** Who a request comes from, whatever runtime brought it. */

interface Addresses {
  /** Bun's server. */
  readonly requestIP?: (request: Request) => { readonly address: string } | null
  /** Deno's second argument of a handler. */
  readonly remoteAddr?: { readonly hostname?: string }
}

/** The peer's address, from what the runtime gives a handler beside the request; empty where it tells none. */
export const peerOf = (request: Request, told: unknown): string => {
  const { requestIP, remoteAddr } = (told ?? {}) as Addresses
  return requestIP?.call(told, request)?.address ?? remoteAddr?.hostname ?? ""
}
