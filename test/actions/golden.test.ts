/** The exact requests of every action beyond the specification's table, as public clients send them. */
import { expect, test } from "bun:test"
import { Effect } from "effect"
import type { AnyAction } from "../../src/core/actions/action.ts"
import { alerts } from "../../src/plugins/alerts/plugin.ts"
import { cases } from "../../src/plugins/cases/plugin.ts"
import { hosts } from "../../src/plugins/hosts/plugin.ts"
import { iocs } from "../../src/plugins/iocs/plugin.ts"
import { base_url, callsOf, dryRun, withFalcon } from "./support.ts"

/** Their requests stand in the tests of their families. */
const specified: readonly string[] = [
  "add_new_comment_to_alert",
  "update_alert_status",
  "get_alerts_v2",
  "isolate_endpoints",
  "deisolate_endpoints",
  "perform_host_action",
  "get_device_details",
  "get_online_state",
  "query_device_login_history",
  "query_devices_by_filter",
]
const actions: readonly AnyAction[] = [alerts, hosts, cases, iocs].flatMap(
  (plugin): readonly AnyAction[] => plugin.actions,
)

type Row = readonly [slug: string, args: Readonly<Record<string, unknown>>, ...requests: readonly Request[]]
type Request = readonly [method: string, path: string, body?: unknown]

const one = ["PATCH", "/cases/entities/cases/v2"] as const

/** The changes of alerts, in the order in which they are sent. */
const alertsBody = (...changes: readonly (readonly [name: string, value: string])[]) => ({
  composite_ids: ["c:ind:a:1"],
  action_parameters: changes.map(([name, value]) => ({ name, value })),
})
const alert = { ids: ["c:ind:a:1"] }
const indicator = { type: "domain", value: "a.example", action: "detect", platforms: ["ios"], mobile_action: "prevent" }
const change_alert = ["PATCH", "/alerts/entities/alerts/v3"] as const

const table: readonly Row[] = [
  ["search_alerts", {}, ["POST", "/alerts/combined/alerts/v1", { limit: 100 }]],
  [
    "search_alerts",
    { filter: "severity:>70", sort: "severity.desc", limit: 5_000, offset: "abc" },
    [
      "POST",
      "/alerts/combined/alerts/v1",
      { filter: "severity:>70", sort: "severity|desc", after: "abc", limit: 1_000 },
    ],
  ],
  [
    "update_alerts",
    { ...alert, status: "in_progress" },
    [...change_alert, alertsBody(["update_status", "in_progress"])],
  ],
  [
    "update_alerts",
    {
      ...alert,
      status: "closed",
      assign_to_uuid: "u",
      add_tags: ["a", "b"],
      remove_tags: ["c"],
      comment: "x",
      visible: false,
    },
    [
      ...change_alert,
      alertsBody(
        ["remove_tag", "c"],
        ["add_tag", "a"],
        ["add_tag", "b"],
        ["update_status", "closed"],
        ["assign_to_uuid", "u"],
        ["show_in_ui", "false"],
        ["append_comment", "x"],
      ),
    ],
  ],
  [
    "update_alerts",
    { ...alert, assign_to_user_id: "a@b.c" },
    [...change_alert, alertsBody(["assign_to_user_id", "a@b.c"])],
  ],
  ["update_alerts", { ...alert, assign_to_name: "A B" }, [...change_alert, alertsBody(["assign_to_name", "A B"])]],
  ["update_alerts", { ...alert, unassign: true }, [...change_alert, alertsBody(["unassign", "true"])]],
  [
    "get_hosts_by_name",
    { names: ["WEB-01", "web-01", "it's", "10.0.0.1", "2001:db8::1"] },
    [
      "GET",
      `/devices/combined/devices/v1?${new URLSearchParams({
        filter:
          "hostname:['WEB-01','it\\'s'],local_ip:['10.0.0.1','2001:db8::1'],connection_ip:['10.0.0.1','2001:db8::1']",
        limit: "1000",
      })}`,
    ],
  ],
  [
    "tag_hosts",
    { ids: ["a", "b"], tags: ["FalconGroupingTags/x"] },
    [
      "PATCH",
      "/devices/entities/devices/tags/v1",
      { action: "add", device_ids: ["a", "b"], tags: ["FalconGroupingTags/x"] },
    ],
  ],
  [
    "untag_hosts",
    { ids: ["a"], tags: ["FalconGroupingTags/x", "FalconGroupingTags/X"] },
    [
      "PATCH",
      "/devices/entities/devices/tags/v1",
      { action: "remove", device_ids: ["a"], tags: ["FalconGroupingTags/x", "FalconGroupingTags/X"] },
    ],
  ],
  [
    "lift_filesystem_containment",
    { ids: ["a"] },
    ["POST", "/devices/entities/devices-actions/v2?action_name=lift_filesystem_containment_all", { ids: ["a"] }],
  ],
  [
    "create_indicators",
    { indicators: [indicator], retrodetects: true },
    [
      "POST",
      "/iocs/entities/indicators/v1?ignore_warnings=true&retrodetects=true",
      { indicators: [{ applied_globally: true, ...indicator }] },
    ],
  ],
  [
    "update_indicators",
    { indicators: [{ id: "a", mobile_action: "detect" }], retrodetects: false },
    [
      "PATCH",
      "/iocs/entities/indicators/v1?ignore_warnings=true&retrodetects=false",
      { indicators: [{ id: "a", mobile_action: "detect" }] },
    ],
  ],
  ["search_cases", {}, ["GET", "/cases/queries/cases/v1?limit=100"]],
  [
    "search_cases",
    { filter: "severity:>70", q: "ransom ware", sort: "severity.desc", limit: 7, offset: "14" },
    ["GET", "/cases/queries/cases/v1?filter=severity%3A%3E70&q=ransom+ware&sort=severity%7Cdesc&offset=14&limit=7"],
  ],
  ["get_cases", { ids: ["a", "b", "A"] }, ["POST", "/cases/entities/cases/v2", { ids: ["a", "b"] }]],
  ["create_case", { name: " n ", severity: 1 }, ["PUT", "/cases/entities/cases/v2", { name: "n", severity: 1 }]],
  [
    "create_case",
    {
      name: "n",
      severity: 100,
      description: "d",
      status: "in_progress",
      assigned_to_user_uuid: "u",
      tags: ["t"],
      template_id: "x",
      alert_ids: ["c:ind:a:1"],
      event_ids: ["e"],
    },
    [
      "PUT",
      "/cases/entities/cases/v2",
      {
        name: "n",
        severity: 100,
        description: "d",
        status: "in_progress",
        assigned_to_user_uuid: "u",
        tags: ["t"],
        template: { id: "x" },
        evidence: { alerts: [{ id: "c:ind:a:1" }], events: [{ id: "e" }] },
      },
    ],
  ],
  ["update_case", { id: "a", status: "reopened" }, [...one, { id: "a", fields: { status: "reopened" } }]],
  [
    "update_case",
    {
      id: "a",
      name: "n",
      description: "",
      severity: 2,
      assigned_to_user_uuid: "u",
      template_id: "x",
      expected_version: 3,
    },
    [
      ...one,
      {
        id: "a",
        fields: { name: "n", description: "", severity: 2, assigned_to_user_uuid: "u", template: { id: "x" } },
        expected_version: 3,
      },
    ],
  ],
  [
    "update_case",
    { id: "a", remove_user_assignment: true },
    [...one, { id: "a", fields: { remove_user_assignment: true } }],
  ],
  [
    "close_case",
    { id: "a", expected_version: 2 },
    [...one, { id: "a", fields: { status: "closed" }, expected_version: 2 }],
  ],
  [
    "add_case_alerts",
    { id: "a", alert_ids: ["c:ind:a:1", "c:ind:a:2"] },
    ["POST", "/cases/entities/alert-evidence/v1", { id: "a", alerts: [{ id: "c:ind:a:1" }, { id: "c:ind:a:2" }] }],
  ],
  [
    "add_case_events",
    { id: "a", event_ids: ["e"] },
    ["POST", "/cases/entities/event-evidence/v1", { id: "a", events: [{ id: "e" }] }],
  ],
  [
    "add_case_tags",
    { id: "a", tags: ["t", "u"] },
    ["POST", "/cases/entities/case-tags/v1", { id: "a", tags: ["t", "u"] }],
  ],
  ["remove_case_tags", { id: "a", tags: ["t", "u v"] }, ["DELETE", "/cases/entities/case-tags/v1?id=a&tag=t&tag=u+v"]],
  [
    "merge_cases",
    { destination_id: "a", source_id: "b" },
    ["POST", "/cases/entities/cases/v2", { ids: ["a", "b"] }],
    ["POST", "/cases/entities/merge/v1", { destination_id: "a", source_id: "b" }],
    ["POST", "/cases/entities/cases/v2", { ids: ["a", "b"] }],
  ],
]

test.each(table)("%s %j sends exactly this", (slug, args, ...requests) =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const action = actions.find((own) => own.slug === slug)!
      const wanted = requests.map(([method, path, body]) => ({
        method,
        url: base_url + path,
        ...(body !== undefined && { body }),
      }))
      expect(yield* dryRun(action, args)).toEqual(wanted)
      expect(yield* callsOf(simulator)).toEqual([])
    }),
  ),
)

test("no action beyond the specification's is left out", () => {
  const tried = new Set(table.map(([slug]) => slug))
  const beyond = [alerts, hosts, cases]
    .flatMap((plugin): readonly AnyAction[] => plugin.actions)
    .map(({ slug }) => slug)
  expect(beyond.filter((slug) => !tried.has(slug) && !specified.includes(slug))).toEqual([])
})
