/** The actions that the specification fixes: name, slug, docker parameter, and the arguments as type and whether they must be given. */

type Argument = readonly [name: string, type: "array" | "string" | "integer" | "object", mandatory: boolean]

interface Specified {
  readonly name: string
  readonly slug: string
  readonly docker_parameters: string
  readonly arguments: readonly Argument[]
}

const ids: Argument = ["ids", "array", true]
const text = (name: string, mandatory = true): Argument => [name, "string", mandatory]
const search: readonly Argument[] = [
  text("filter", false),
  text("sort", false),
  ["limit", "integer", false],
  text("offset", false),
]

const action = (name: string, slug: string, docker_parameters: string, ...args: readonly Argument[]): Specified => ({
  name,
  slug,
  docker_parameters,
  arguments: args,
})

export const specified: readonly Specified[] = [
  action("Add new comment to alert", "add_new_comment_to_alert", "alert_add_comment", ids, text("comment")),
  action("Update alert status", "update_alert_status", "alert_update_status", ids, text("new_status")),
  action("Block IOC", "block_ioc", "block_ioc", text("value"), text("type")),
  action("Create Prevention Policies", "create_prevention_policies", "create_prevention_policies", [
    "resources",
    "array",
    true,
  ]),
  action("Deisolate hosts", "deisolate_endpoints", "deisolate_hosts", ids),
  action("Delete Prevention Policies", "delete_prevention_policies", "delete_prevention_policies", ids),
  action("Get Alerts V2", "get_alerts_v2", "get_alerts_v2", ids),
  action("Get Behaviors", "get_behaviors", "get_behaviors", ids),
  action("Get Device Details", "get_device_details", "get_device_details", ids),
  action("Get Incidents", "get_incidents", "get_incidents", ids),
  action("Get Online State", "get_online_state", "get_online_state", ids),
  action("Get Prevention Policies", "get_prevention_policies", "get_prevention_policies", ids),
  action("Create Indicators", "create_indicators", "ioc_create_indicators", ["indicators", "array", true]),
  action("Delete Indicators", "delete_indicators", "ioc_delete_indicators", ids),
  action("Get IOC Actions", "get_ioc_actions", "ioc_get_actions", ids),
  action("Get Indicators", "get_indicators", "ioc_get_indicators", ids),
  action("Get Indicators Report", "get_indicators_report", "ioc_get_indicators_report", text("report_format", false), [
    "search",
    "object",
    false,
  ]),
  action("Search Indicators", "search_indicators", "ioc_search_indicators", ...search),
  action("Update Indicators", "update_indicators", "ioc_update_indicators", ["indicators", "array", true]),
  action("Isolate hosts", "isolate_endpoints", "isolate_hosts", ids),
  action("Monitor IOC", "monitor_ioc", "monitor_ioc", text("value"), text("type")),
  action("Perform Host Action", "perform_host_action", "perform_host_action", ids, text("action_name")),
  action(
    "Perform Prevention Policy Action",
    "perform_prevention_policy_action",
    "perform_prevention_policy_action",
    text("action_name"),
    ids,
  ),
  action(
    "Push IOCs for prevention",
    "push_iocs_for_prevention",
    "push_iocs_block",
    text("stix_objects_path"),
    text("sekoia_base_url", false),
  ),
  action(
    "Push IOCs for detection",
    "push_iocs_for_detection",
    "push_iocs_detect",
    text("stix_objects_path"),
    text("sekoia_base_url", false),
    ["valid_for", "integer", false],
  ),
  action("Query Device Login History", "query_device_login_history", "query_device_login_history", ids),
  action("Query Devices By Filter", "query_devices_by_filter", "query_devices_by_filter", ...search),
  action("Update Prevention Policies", "update_prevention_policies", "update_prevention_policies", [
    "resources",
    "array",
    true,
  ]),
]

/** The uuids under which playbooks know them. */
export const uuids: Readonly<Record<string, string>> = {
  alert_add_comment: "b85ef7ca-7be9-4345-97df-fbb0c3f63353",
  alert_update_status: "3d8c3167-d059-4d12-958e-6071572c0b41",
  block_ioc: "6e7ea4f7-2015-461f-97cd-d352eee29316",
  create_prevention_policies: "b040ed2d-2c0c-4f9e-882f-97cdd7a04fdd",
  deisolate_hosts: "ee32894a-f2bc-4f4f-aba4-0d518adf2521",
  delete_prevention_policies: "31f10154-9992-41af-86d7-5f1121c8e1ae",
  get_alerts_v2: "6a8cc908-c563-400b-9d60-c78cf30f6abf",
  get_behaviors: "bfa4f389-834f-4357-acd8-5f593d9bd42b",
  get_device_details: "9c649c35-d636-471c-8fb2-5985ce4c32a2",
  get_incidents: "18f0e733-b279-41a0-919e-3fe805c2d434",
  get_online_state: "5f1c83b9-5fd9-4471-9ebb-7eff65ec7db2",
  get_prevention_policies: "70e62ad3-1739-4e70-bf6f-83ad569d5684",
  ioc_create_indicators: "c94f259b-5632-41e0-a189-15801c546fa6",
  ioc_delete_indicators: "ed581520-1d3f-4260-a3d1-8ee74dbc0b4d",
  ioc_get_actions: "dfdcd29e-dfd7-4f4e-9e65-f6f08d2fc108",
  ioc_get_indicators: "8cfb7bd8-8c59-42d8-9976-9f212892c5d8",
  ioc_get_indicators_report: "866b38ce-c6d2-4cce-85e3-00f641166102",
  ioc_search_indicators: "37870872-e1a4-4993-92ab-caba661e6750",
  ioc_update_indicators: "602bcddc-f951-4cf2-ab0c-a148caae261d",
  isolate_hosts: "2ab45e20-efa0-4483-a6d3-5cbfa4bd5621",
  monitor_ioc: "afe96fcb-6286-4488-8639-5a7e17d7ccd9",
  perform_host_action: "54b1456c-b891-4f5a-a0a4-59fe3c940f4e",
  perform_prevention_policy_action: "82a975c7-b8ad-4386-aa05-1b69ea52c3f5",
  push_iocs_block: "daaf7465-3469-4cfb-84b5-26ee7e96c316",
  push_iocs_detect: "08a8be72-6833-4aa8-8d81-c0a00c0eda97",
  query_device_login_history: "157aa15e-fe78-4bd7-9b79-372d587532fe",
  query_devices_by_filter: "fd407e07-efde-4ac7-b3e7-481075718de3",
  update_prevention_policies: "fedff2b3-41cd-4e4f-a611-f61e425dd101",
}
