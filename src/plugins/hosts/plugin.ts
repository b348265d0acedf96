/** Finds hosts, looks them up and acts on them: containment above all. */
import { z } from "zod"
import { readCheck, writeCheck } from "../../core/check/scope-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { deisolateEndpoints } from "./deisolate-endpoints.ts"
import { getDeviceDetails } from "./get-device-details.ts"
import { getHostsByName } from "./get-hosts-by-name.ts"
import { getOnlineState } from "./get-online-state.ts"
import { isolateEndpoints } from "./isolate-endpoints.ts"
import { liftFilesystemContainment } from "./lift-filesystem-containment.ts"
import { performHostAction } from "./perform-host-action.ts"
import { queryDeviceLoginHistory } from "./query-device-login-history.ts"
import { queryDevicesByFilter } from "./query-devices-by-filter.ts"
import { tagHosts, untagHosts } from "./tag-hosts.ts"

export const hosts = definePlugin({
  id: "hosts",
  title: "Finds hosts, looks them up, isolates them and brings them back, tags them.",
  enabled_by_default: true,
  config: z.strictObject({}),
  checks: () => [
    readCheck("Hosts: Read", { method: "GET", path: "/devices/queries/devices-scroll/v1", query: { limit: 1 } }),
    writeCheck("Hosts: Write", { method: "POST", path: "/devices/entities/devices-actions/v2", body: { ids: [] } }),
  ],
  actions: [
    isolateEndpoints,
    deisolateEndpoints,
    performHostAction,
    getDeviceDetails,
    getOnlineState,
    queryDeviceLoginHistory,
    queryDevicesByFilter,
    getHostsByName,
    tagHosts,
    untagHosts,
    liftFilesystemContainment,
  ],
})
