/** What is documented about the calls that list policies, host groups, alerts and the words of the indicator API (falconpy). */
import type { Fact, Parameter } from "./fact.ts"

const text: Parameter = { type: "string" }
const paged: Fact["query"] = {
  filter: text,
  offset: { type: "integer", min: 0 },
  limit: { type: "integer", min: 1, max: 5_000 },
  sort: text,
}
const lists = { method: "GET", success: 200 } as const

export const query_host_groups: Fact = {
  ...lists,
  path: "/devices/queries/host-groups/v1",
  scope: "Host groups: Read",
  query: paged,
}

export const query_policies: Fact = {
  ...lists,
  path: "/policy/queries/prevention/v1",
  scope: "Prevention Policies: Read",
  query: paged,
}

export const combined_policies: Fact = { ...query_policies, path: "/policy/combined/prevention/v1" }

/** Whole alerts, page by page with `after`; up to 1000 each. */
export const combined_alerts: Fact = {
  method: "POST",
  path: "/alerts/combined/alerts/v1",
  scope: "Alerts: Read",
  success: 200,
  query: {},
  body: { after: text, filter: text, limit: { type: "integer", min: 1, max: 1_000 }, sort: text },
}

const vocabulary: Omit<Fact, "path"> = {
  ...lists,
  scope: "IOC Management: Read",
  query: { offset: text, limit: { type: "integer", min: 1 } },
}

export const query_ioc_actions: Fact = { ...vocabulary, path: "/iocs/queries/actions/v1" }
export const query_ioc_types: Fact = { ...vocabulary, path: "/iocs/queries/ioc-types/v1" }
export const query_ioc_platforms: Fact = { ...vocabulary, path: "/iocs/queries/platforms/v1" }
export const query_ioc_severities: Fact = { ...vocabulary, path: "/iocs/queries/severities/v1" }
