import type { Fact, Parameter } from "./fact.ts"

const sorted = (fields: readonly string[], separator: string): Parameter => ({
  type: "string",
  enum: fields.flatMap((field) => [field, `${field}${separator}asc`, `${field}${separator}desc`]),
})

const limit = (max: number): Parameter => ({ type: "integer", min: 1, max })
const position: Parameter = { type: "integer", min: 0 }
const text: Parameter = { type: "string" }

/** The ids of hosts by position (falconpy `QueryDevicesByFilter`). */
export const query_devices: Fact = {
  method: "GET",
  path: "/devices/queries/devices/v1",
  scope: "Hosts: Read",
  success: 200,
  query: { offset: position, limit: limit(5_000), sort: text, filter: text },
}

/** Whole hosts, as many as fit into a URL (falconpy `GetDeviceDetailsV2`). */
export const get_devices: Fact = {
  method: "GET",
  path: "/devices/entities/devices/v2",
  scope: "Hosts: Read",
  success: 200,
  query: { ids: { type: "array", required: true } },
  list: { in: "query", key: "ids", max: 100, over: 400 },
}

/** falconpy `getHostGroups`; PSFalcon asks for 100 at once. */
export const get_host_groups: Fact = {
  ...get_devices,
  path: "/devices/entities/host-groups/v1",
  scope: "Host groups: Read",
  list: { in: "query", key: "ids", max: 500, over: 400 },
}

/** Whole hosts; `offset` is a text, the `next` of the page before (falconpy). */
export const combined_devices: Fact = {
  method: "GET",
  path: "/devices/combined/devices/v1",
  scope: "Hosts: Read",
  success: 200,
  query: {
    offset: text,
    limit: limit(10_000),
    sort: sorted(["device_id", "first_seen", "hostname", "last_seen", "modified_timestamp"], "."),
    filter: text,
  },
}

export const combined_host_groups: Fact = {
  method: "GET",
  path: "/devices/combined/host-groups/v1",
  scope: "Host groups: Read",
  success: 200,
  query: {
    offset: position,
    limit: limit(5_000),
    sort: { type: "string", enum: ["name.asc", "name.desc", "created_timestamp.asc", "created_timestamp.desc"] },
    filter: text,
  },
}

/** The direction follows a pipe here (falconpy). */
export const query_users: Fact = {
  method: "GET",
  path: "/user-management/queries/users/v1",
  scope: "User management: Read",
  success: 200,
  query: {
    offset: position,
    limit: limit(500),
    sort: sorted(["uid", "created_at", "last_login_at", "name", "status"], "|"),
    filter: text,
  },
}

export const get_users: Fact = {
  method: "POST",
  path: "/user-management/entities/users/GET/v1",
  scope: "User management: Read",
  success: 200,
  query: {},
  body: { ids: { type: "array", required: true } },
  list: { in: "body", key: "ids", max: 5_000, over: 400 },
}

/** CrowdStrike's description knows `query` only; `variables` is GraphQL's own way, and its SDKs send it. */
export const identity_graphql: Fact = {
  method: "POST",
  path: "/identity-protection/combined/graphql/v1",
  scope: "Identity Protection GraphQL: Write",
  success: 200,
  query: {},
  body: { query: { type: "string", required: true }, variables: { type: "object" } },
}
