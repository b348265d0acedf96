/**
 * Under which names and uuids Sekoia's platform knows the module and what it holds. A playbook keeps the uuid of each of its
 * actions, and a connector configuration that of its connector, so none of these may ever change.
 *
 * The uuids of the actions, of the event stream and of the device inventory are those of the module that the specification
 * describes (Akonis-cybersecurity/CrowdStrike-Akonis-automation-library, CrowdStrikeFalcon-Akonis/*.json); docs/decisions/0014 says
 * where and why others are used.
 */
import { createHash } from "node:crypto"

export const module_identity = {
  uuid: "1344e78f-6d4c-4ce8-a458-ad524c0111c7",
  name: "CrowdStrike Falcon Akonis",
  /** Part of the image's name; `crowdstrike-falcon` is that of Sekoia's own module. */
  slug: "crowdstrike-falcon-akonis",
} as const

/** What the platform knows of one action of the specification. */
export interface ActionIdentity {
  readonly uuid: string
  /** The key of `results` under which playbooks of the Python module find what was read; `resources` where they had none. */
  readonly results_key?: string
  /** Arguments that the specification does not have: taken, and listed with `--all` only. */
  readonly beyond?: readonly string[]
  /** Arguments that must be given here, since what could stand in their place is not listed. */
  readonly required?: readonly string[]
}

/** The actions of the specification, by docker parameter. */
export const action_identities: Readonly<Record<string, ActionIdentity>> = {
  alert_add_comment: { uuid: "b85ef7ca-7be9-4345-97df-fbb0c3f63353" },
  alert_update_status: { uuid: "3d8c3167-d059-4d12-958e-6071572c0b41" },
  block_ioc: {
    uuid: "6e7ea4f7-2015-461f-97cd-d352eee29316",
    beyond: ["action", "severity", "platforms", "host_groups"],
  },
  monitor_ioc: { uuid: "afe96fcb-6286-4488-8639-5a7e17d7ccd9" },
  push_iocs_block: {
    uuid: "daaf7465-3469-4cfb-84b5-26ee7e96c316",
    beyond: ["stix_objects"],
    required: ["stix_objects_path"],
  },
  push_iocs_detect: {
    uuid: "08a8be72-6833-4aa8-8d81-c0a00c0eda97",
    beyond: ["stix_objects"],
    required: ["stix_objects_path"],
  },
  isolate_hosts: { uuid: "2ab45e20-efa0-4483-a6d3-5cbfa4bd5621" },
  deisolate_hosts: { uuid: "ee32894a-f2bc-4f4f-aba4-0d518adf2521" },
  perform_host_action: { uuid: "54b1456c-b891-4f5a-a0a4-59fe3c940f4e" },
  get_device_details: { uuid: "9c649c35-d636-471c-8fb2-5985ce4c32a2", results_key: "devices" },
  get_online_state: { uuid: "5f1c83b9-5fd9-4471-9ebb-7eff65ec7db2", results_key: "states" },
  query_device_login_history: { uuid: "157aa15e-fe78-4bd7-9b79-372d587532fe", results_key: "history" },
  query_devices_by_filter: { uuid: "fd407e07-efde-4ac7-b3e7-481075718de3", results_key: "device_ids" },
  get_alerts_v2: { uuid: "6a8cc908-c563-400b-9d60-c78cf30f6abf", results_key: "alerts" },
  get_behaviors: { uuid: "bfa4f389-834f-4357-acd8-5f593d9bd42b", results_key: "behaviors" },
  get_incidents: { uuid: "18f0e733-b279-41a0-919e-3fe805c2d434", results_key: "incidents" },
  ioc_create_indicators: {
    uuid: "c94f259b-5632-41e0-a189-15801c546fa6",
    results_key: "indicators",
    beyond: ["retrodetects"],
  },
  ioc_update_indicators: {
    uuid: "602bcddc-f951-4cf2-ab0c-a148caae261d",
    results_key: "indicators",
    beyond: ["retrodetects"],
  },
  ioc_delete_indicators: { uuid: "ed581520-1d3f-4260-a3d1-8ee74dbc0b4d" },
  ioc_get_indicators: { uuid: "8cfb7bd8-8c59-42d8-9976-9f212892c5d8", results_key: "indicators" },
  ioc_get_actions: { uuid: "dfdcd29e-dfd7-4f4e-9e65-f6f08d2fc108", results_key: "actions" },
  ioc_get_indicators_report: { uuid: "866b38ce-c6d2-4cce-85e3-00f641166102", results_key: "report" },
  ioc_search_indicators: { uuid: "37870872-e1a4-4993-92ab-caba661e6750", results_key: "indicator_ids" },
  get_prevention_policies: { uuid: "70e62ad3-1739-4e70-bf6f-83ad569d5684", results_key: "policies" },
  create_prevention_policies: { uuid: "b040ed2d-2c0c-4f9e-882f-97cdd7a04fdd", results_key: "policies" },
  update_prevention_policies: { uuid: "fedff2b3-41cd-4e4f-a611-f61e425dd101", results_key: "policies" },
  delete_prevention_policies: { uuid: "31f10154-9992-41af-86d7-5f1121c8e1ae" },
  perform_prevention_policy_action: { uuid: "82a975c7-b8ad-4386-aa05-1b69ea52c3f5", beyond: ["group_id"] },
}

/** A stable uuid for what the specification does not know: version 5 (RFC 9562), in the name space of the module's own uuid. */
const uuidOf = (kind: "action" | "connector", docker_parameters: string): string => {
  const name_space = Buffer.from(module_identity.uuid.replaceAll("-", ""), "hex")
  const hash = createHash("sha1").update(name_space).update(`${kind}:${docker_parameters}`).digest()
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const hex = hash.subarray(0, 16).toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** What the platform knows of any action, by its docker parameter. */
export const identityOf = (docker_parameters: string): ActionIdentity =>
  action_identities[docker_parameters] ?? { uuid: uuidOf("action", docker_parameters) }

/** Whether the specification has this action. */
export const isSpecified = (docker_parameters: string): boolean => docker_parameters in action_identities

/** The command of the account validator, as Sekoia's SDK registers it. */
export const validator_parameter = "validate_module_configuration"

/** The event stream: a connector, and a trigger of the same uuid. */
export const event_stream = {
  plugin_id: "event-stream",
  docker_parameters: "event_stream_trigger",
  uuid: "4ab15265-2859-4b88-922d-f7c125fdad71",
} as const

/** An inventory as the platform runs it: as a connector, or cycle by cycle as an action of an on-premise runner. */
export interface InventoryIdentity {
  readonly plugin_id: string
  /** What is collected, in the plural. */
  readonly noun: "devices" | "users"
  readonly name: string
  readonly capability: "host_detection" | "account_detection"
  readonly docker_parameters: string
  readonly uuid: string
  readonly on_premise: { readonly docker_parameters: string; readonly slug: string; readonly uuid: string }
}

const inventory = (
  noun: "device" | "user",
  rest: Pick<InventoryIdentity, "plugin_id" | "name" | "capability">,
  uuid?: string,
): InventoryIdentity => {
  const docker_parameters = `crowdstrike_falcon_${noun}_asset_connector`
  const on_premise = `crowdstrike_falcon_${noun}_assets_on_premise`
  return {
    ...rest,
    noun: `${noun}s`,
    docker_parameters,
    uuid: uuid ?? uuidOf("connector", docker_parameters),
    on_premise: {
      docker_parameters: on_premise,
      slug: `collect_${noun}_assets_on_premise`,
      uuid: uuidOf("action", on_premise),
    },
  }
}

export const inventories: readonly InventoryIdentity[] = [
  inventory(
    "device",
    { plugin_id: "device-assets", name: "CrowdStrike Falcon devices", capability: "host_detection" },
    "7446b8f3-90bc-4a9a-a474-4bb9df35d07a",
  ),
  inventory("user", { plugin_id: "user-assets", name: "CrowdStrike Falcon users", capability: "account_detection" }),
]
