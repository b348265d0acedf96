/** What ships. The order is the order of pages and lists. */
import { acting_plugins } from "./acting.ts"
import { deviceAssets } from "./device-assets/plugin.ts"
import { enrichment } from "./enrichment/plugin.ts"
import { eventStream } from "./event-stream/plugin.ts"
import { userAssets } from "./user-assets/plugin.ts"

export const plugins = [eventStream, enrichment, deviceAssets, userAssets, ...acting_plugins] as const

/** Every action that ships, as a type. */
export type ShippedAction = (typeof plugins)[number]["actions"][number]
