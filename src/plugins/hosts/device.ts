/** The host entity, the call that reads it, and descriptions that several host actions use. */
import { z } from "zod"
import { idField } from "../../core/actions/bulk.ts"
import type { LookupCall } from "../../core/actions/lookup-action.ts"
import { per_call } from "./limits.ts"

export const agent_ids = "Agent ids (AID) of hosts: 32 hex digits, as in `device_id`."
export const example_host = "0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a"

export const read = ["Hosts: Read"]
export const write = ["Hosts: Write"]

export const deviceIdOf = idField("device_id")

/** `POST /devices/entities/devices/v2`: 5000 ids, where the GET of the same path takes 100 (falconpy, PSFalcon). */
export const device_details: LookupCall = {
  name: "hosts.details",
  method: "POST",
  path: "/devices/entities/devices/v2",
  per_call: per_call.host_details,
  scopes: read,
  id_field: "device_id",
}

/** A host as Falcon describes it (gofalcon `DeviceapiDeviceSwagger`): only `device_id` and `cid` are always there. */
export const device = z.looseObject({
  device_id: z.string().describe("The AID."),
  cid: z.string().nullish().describe("The customer id."),
  hostname: z.string().nullish(),
  status: z
    .string()
    .nullish()
    .describe("Containment: normal, containment_pending, contained or lift_containment_pending."),
  filesystem_containment_status: z.string().nullish(),
  platform_name: z.string().nullish().describe("Windows, Mac, Linux, …"),
  os_version: z.string().nullish(),
  os_build: z.string().nullish(),
  product_type_desc: z.string().nullish().describe("Workstation, Server or Domain Controller."),
  agent_version: z.string().nullish().describe("Version of the sensor."),
  first_seen: z.string().nullish(),
  last_seen: z.string().nullish(),
  last_reboot: z.string().nullish(),
  last_login_user: z.string().nullish(),
  last_login_timestamp: z.string().nullish(),
  local_ip: z.string().nullish(),
  external_ip: z.string().nullish(),
  connection_ip: z.string().nullish(),
  mac_address: z.string().nullish().describe("Separated by dashes."),
  machine_domain: z.string().nullish(),
  ou: z.array(z.string()).nullish().describe("Organizational units."),
  site_name: z.string().nullish(),
  groups: z.array(z.string()).nullish().describe("Ids of host groups."),
  tags: z.array(z.string()).nullish().describe("`SensorGroupingTags/…` and `FalconGroupingTags/…`"),
  serial_number: z.string().nullish(),
  system_manufacturer: z.string().nullish(),
  system_product_name: z.string().nullish(),
  reduced_functionality_mode: z.string().nullish().describe("yes, no or unknown."),
  rtr_state: z.string().nullish(),
  device_policies: z.looseObject({}).nullish().describe("The policy of each kind that is applied or assigned."),
})
