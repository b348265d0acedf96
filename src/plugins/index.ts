/** What ships. The order is the order of pages and lists. */
import { alerts } from "./alerts/plugin.ts"
import { cases } from "./cases/plugin.ts"
import { deviceAssets } from "./device-assets/plugin.ts"
import { enrichment } from "./enrichment/plugin.ts"
import { eventStream } from "./event-stream/plugin.ts"
import { hosts } from "./hosts/plugin.ts"
import { incidents } from "./incidents/plugin.ts"
import { iocs } from "./iocs/plugin.ts"
import { preventionPolicies } from "./prevention-policies/plugin.ts"
import { userAssets } from "./user-assets/plugin.ts"

export const plugins = [
  eventStream,
  enrichment,
  deviceAssets,
  userAssets,
  alerts,
  hosts,
  cases,
  incidents,
  iocs,
  preventionPolicies,
] as const

/** Every action that ships, as a type. */
export type ShippedAction = (typeof plugins)[number]["actions"][number]
