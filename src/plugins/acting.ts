/** The plugins that only answer when they are asked: they need no disk and no background. */
import { alerts } from "./alerts/plugin.ts"
import { cases } from "./cases/plugin.ts"
import { hosts } from "./hosts/plugin.ts"
import { incidents } from "./incidents/plugin.ts"
import { iocs } from "./iocs/plugin.ts"
import { preventionPolicies } from "./prevention-policies/plugin.ts"

export const acting_plugins = [alerts, hosts, cases, incidents, iocs, preventionPolicies] as const
