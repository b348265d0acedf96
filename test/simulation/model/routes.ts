/** Which request is for whom. */
import type { HttpRequest } from "../../../src/core/http/client/http.ts"
import type { GraphPlace, HostPlace, RequestPlace } from "../generate/scenario.ts"

interface Route {
  readonly place: RequestPlace
  readonly partition: number | undefined
}

const places: Readonly<Record<string, RequestPlace>> = {
  "/oauth2/token": "token",
  "/alerts/entities/alerts/v2": "alerts",
  "/detects/entities/summaries/GET/v1": "detections",
  "/threatgraph/queries/edge-types/v1": "edge_types",
  "/threatgraph/combined/edges/v1": "edges",
  "/devices/combined/devices/v1": "hosts",
  "/devices/queries/devices-scroll/v1": "host_ids",
  "/devices/entities/devices/v2": "host_details",
  "/devices/combined/host-groups/v1": "host_groups",
} satisfies Record<string, "token" | GraphPlace | HostPlace>

export const routeOf = ({ url, body }: HttpRequest): Route => {
  const { pathname } = new URL(url)
  const partition = Number(pathname.slice(pathname.lastIndexOf("/") + 1))
  const place = places[pathname]
  if (place !== undefined) return { place, partition: undefined }
  if (pathname.endsWith("/datafeed/v2")) return { place: "list", partition: undefined }
  if (pathname.includes("/datafeed/v1/")) return { place: "open", partition }
  if (pathname.includes("/datafeed-actions/v1/")) return { place: "refresh", partition }
  if (pathname === "/intake/batch" && body instanceof Uint8Array) return { place: "intake", partition: undefined }
  if (/^\/threatgraph\/entities\/[a-z-]+\/v1$/.test(pathname)) return { place: "vertices", partition: undefined }
  if (pathname.startsWith("/api/v2/asset-management/asset-connector/")) return { place: "assets", partition: undefined }
  if (pathname.startsWith("/api/v1/tasks/")) return { place: "tasks", partition: undefined }
  throw new Error(`nobody serves ${pathname}`)
}
