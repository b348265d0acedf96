/**
 * What Falcon's API documents about each call that our client makes: falconpy and gofalcon for parameters and codes, PSFalcon
 * and falcon-mcp for the maxima. Every request is held against it.
 */

import * as asset_facts from "./asset-facts.ts"
import * as case_facts from "./cases-facts.ts"
import type { Fact, Parameter } from "./fact.ts"
import * as flight_control_facts from "./flight-control-facts.ts"
import * as ioc_facts from "./iocs-facts.ts"
import * as list_facts from "./list-facts.ts"
import { detections, edges, edgeTypes, vertices, vertices_v2 } from "./threatgraph-facts.ts"

const ids: Parameter = { type: "array", required: true }
const in_body = (max: number) => ({ in: "body", key: "ids", max, over: 400 }) as const
const in_query = (max: number) => ({ in: "query", key: "ids", max, over: 400 }) as const

const action_parameters: Parameter = {
  type: "array",
  items: { name: { type: "string", required: true }, value: { type: "string", required: true } },
}
/** 413 is proven for the change, taken over for the lookup (PSFalcon keeps to 1000 in both). */
const composite_ids = { in: "body", key: "composite_ids", max: 1000, over: 413 } as const

const settings: Parameter = {
  type: "array",
  items: { id: { type: "string", required: true }, value: { type: "object", required: true } },
}
const prevention = { path: "/policy/entities/prevention/v1", success: 200, query: {} } as const
/** What PSFalcon sends at once; nothing documents a maximum. */
const policy_rows = { in: "body", key: "resources", max: 100, over: 400 } as const
const reads_policies = "Prevention Policies: Read"
const writes_policies = "Prevention Policies: Write"

const incident = { method: "POST", scope: "Incidents: Read", success: 200, query: {}, body: { ids } } as const

export const facts: readonly Fact[] = [
  {
    method: "POST",
    path: "/alerts/entities/alerts/v2",
    scope: "Alerts: Read",
    success: 200,
    query: { include_hidden: { type: "boolean" } },
    body: { composite_ids: ids },
    list: composite_ids,
  },
  {
    method: "PATCH",
    path: "/alerts/entities/alerts/v3",
    scope: "Alerts: Write",
    success: 200,
    query: { include_hidden: { type: "boolean" } },
    body: { composite_ids: ids, action_parameters },
    list: composite_ids,
  },
  {
    method: "GET",
    path: "/alerts/queries/alerts/v2",
    scope: "Alerts: Read",
    success: 200,
    query: {
      include_hidden: { type: "boolean" },
      offset: { type: "integer", min: 0 },
      limit: { type: "integer", min: 0, max: 10_000 },
      sort: { type: "string" },
      filter: { type: "string" },
      q: { type: "string" },
    },
  },
  {
    method: "POST",
    path: "/devices/entities/devices/v2",
    scope: "Hosts: Read",
    success: 200,
    query: {},
    body: { ids },
    list: in_body(5000),
  },
  {
    method: "GET",
    path: "/devices/entities/online-state/v1",
    scope: "Hosts: Read",
    success: 200,
    query: { ids },
    list: in_query(100),
  },
  {
    method: "GET",
    path: "/devices/queries/devices-scroll/v1",
    scope: "Hosts: Read",
    success: 200,
    query: {
      offset: { type: "string" },
      limit: { type: "integer", min: 1, max: 10_000 },
      sort: { type: "string" },
      filter: { type: "string" },
    },
  },
  {
    method: "POST",
    path: "/devices/combined/devices/login-history/v2",
    scope: "Hosts: Read",
    success: 200,
    query: { limit: { type: "integer", min: 1, max: 100 }, from: { type: "string" }, to: { type: "string" } },
    body: { ids },
    list: in_body(10),
  },
  {
    method: "POST",
    path: "/devices/entities/devices-actions/v2",
    scope: "Hosts: Write",
    success: 202,
    query: {
      action_name: {
        type: "string",
        required: true,
        enum: [
          "contain",
          "lift_containment",
          "hide_host",
          "unhide_host",
          "detection_suppress",
          "detection_unsuppress",
          "lift_filesystem_containment_all",
        ],
      },
    },
    body: { ids, action_parameters },
    list: in_body(500),
  },
  {
    method: "PATCH",
    path: "/devices/entities/devices/tags/v1",
    scope: "Hosts: Write",
    success: 200,
    query: {},
    body: {
      action: { type: "string", required: true, enum: ["add", "remove"] },
      device_ids: ids,
      tags: { type: "array", required: true },
    },
    list: { in: "body", key: "device_ids", max: 5000, over: 400 },
  },
  { ...incident, path: "/incidents/entities/incidents/GET/v1", list: in_body(500) },
  { ...incident, path: "/incidents/entities/behaviors/GET/v1", list: in_body(500) },
  { ...prevention, method: "GET", scope: reads_policies, query: { ids }, list: in_query(500) },
  {
    ...prevention,
    method: "POST",
    scope: writes_policies,
    success: 201,
    body: {
      resources: {
        type: "array",
        required: true,
        items: {
          name: { type: "string", required: true },
          platform_name: { type: "string", required: true, enum: ["Windows", "Mac", "Linux"] },
          description: { type: "string" },
          clone_id: { type: "string" },
          settings,
        },
      },
    },
    list: policy_rows,
  },
  {
    ...prevention,
    method: "PATCH",
    scope: writes_policies,
    body: {
      resources: {
        type: "array",
        required: true,
        // The model requires `settings` too. We do not: a change of the name alone has none.
        items: {
          id: { type: "string", required: true },
          name: { type: "string" },
          description: { type: "string" },
          settings,
        },
      },
    },
    list: policy_rows,
  },
  { ...prevention, method: "DELETE", scope: writes_policies, query: { ids }, list: in_query(500) },
  {
    method: "POST",
    path: "/policy/entities/prevention-actions/v1",
    scope: writes_policies,
    success: 200,
    query: {
      action_name: {
        type: "string",
        required: true,
        enum: ["enable", "disable", "add-host-group", "remove-host-group", "add-rule-group", "remove-rule-group"],
      },
    },
    body: { ids, action_parameters },
    // The list holds one id (falconpy issue 701).
    list: in_body(1),
  },
  ...Object.values(asset_facts),
  ...Object.values(case_facts),
  ...Object.values(flight_control_facts),
  ...Object.values(ioc_facts),
  ...Object.values(list_facts),
  edgeTypes,
  edges,
  vertices,
  vertices_v2,
  detections,
]

/** The facts of one call. */
export function factOf(method: Fact["method"], path: string): Fact {
  const fact = facts.find((one) => one.method === method && one.path === path)
  if (fact === undefined) throw new Error(`no facts about ${method} ${path}`)
  return fact
}
