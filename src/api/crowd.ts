/** How many requests are answered at once, for one caller and in all, so that none can keep the others out or fill the memory. */
import { problemOf } from "../core/actions/problem.ts"
import { server } from "../core/http/server/limits.ts"
import { type ApiContext, answerProblem } from "./api.ts"

const detail = {
  "too-many-requests": `${server.requests_per_peer_max} requests of this address are being answered; send this one again later`,
  "not-ready": `${server.requests_max} requests are being answered; send this one again later`,
} as const

/** Refuses what comes beyond: 429 for one address, 503 for all, and the connection is closed. Counts by the address that the runtime tells. */
export const limitRequests = () => {
  const by_peer = new Map<string, number>()
  let all = 0
  const refuse = (c: ApiContext, kind: keyof typeof detail): Response =>
    answerProblem(c, problemOf(kind, detail[kind], { retry_after_s: server.requests_retry_s }), { connection: "close" })
  return async (c: ApiContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const peer = c.env?.peer ?? ""
    const own = by_peer.get(peer) ?? 0
    if (own >= server.requests_per_peer_max) return refuse(c, "too-many-requests")
    if (all >= server.requests_max) return refuse(c, "not-ready")
    all++
    by_peer.set(peer, own + 1)
    try {
      await next()
      return undefined
    } finally {
      all--
      const left = by_peer.get(peer)! - 1
      if (left === 0) by_peer.delete(peer)
      else by_peer.set(peer, left)
    }
  }
}
