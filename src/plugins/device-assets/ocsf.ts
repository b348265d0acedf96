/** OCSF Device Inventory Info (class 5001), as far as Sekoia's asset API reads it and Falcon has something to say. */
import { z } from "zod"
import { group, inventoryClass, organization, time_s } from "../../core/assets/ocsf.ts"

export const class_uid = 5001
export const class_name = "Device Inventory Info"

/**
 * The device types that Sekoia's models still have, by OCSF id; laptops and tablets were taken out of them (see
 * docs/decisions/0007-device-types.md).
 */
export const device_types = {
  0: "Unknown",
  1: "Server",
  2: "Desktop",
  5: "Mobile",
  6: "Virtual",
  9: "Firewall",
  10: "Switch",
  99: "Other",
} as const

/** Operating systems by OCSF id. Sekoia wants the names in lower case. */
export const os_types = {
  0: "unknown",
  100: "windows",
  200: "linux",
  201: "android",
  300: "macos",
  301: "ios",
} as const

export type DeviceTypeId = keyof typeof device_types
export type OsTypeId = keyof typeof os_types

const idOf = (table: Readonly<Record<number, string>>) =>
  z.literal(Object.keys(table).map(Number) as [number, ...number[]])
const nameOf = (table: Readonly<Record<number, string>>) => z.enum(Object.values(table) as [string, ...string[]])

const os = z.strictObject({
  /** With the version, as Falcon has it: `Windows 11`. */
  name: z.string(),
  type: nameOf(os_types),
  type_id: idOf(os_types),
})

const network_interface = z.strictObject({
  /** `primary`, `connection` (the way to Falcon's cloud) or `external` (the address seen from outside). */
  name: z.string(),
  hostname: z.string().optional(),
  ip: z.string().optional(),
  /** Upper case, with colons. */
  mac: z.string().optional(),
})

const device = z.strictObject({
  /** The agent id (AID). */
  uid: z.string(),
  /** The serial number. */
  uid_alt: z.string().optional(),
  hostname: z.string(),
  name: z.string(),
  type: nameOf(device_types),
  type_id: idOf(device_types),
  os,
  /** The local address. */
  ip: z.string().optional(),
  domain: z.string().optional(),
  /** The availability zone or region of a cloud host. */
  region: z.string().optional(),
  model: z.string().optional(),
  vendor_name: z.string().optional(),
  /** Only on hosts that are known to be virtual. */
  hypervisor: z.string().optional(),
  /** Falcon's product type. */
  desc: z.string().optional(),
  network_interfaces: z.array(network_interface).optional(),
  first_seen_time: time_s.optional(),
  created_time: time_s.optional(),
  last_seen_time: time_s.optional(),
  boot_time: time_s.optional(),
  org: organization.optional(),
  groups: z.array(group).optional(),
  /** A host with a sensor is managed. */
  is_managed: z.boolean(),
  /** Neither contained nor in reduced functionality mode; missing when that is not known as a whole. */
  is_compliant: z.boolean().optional(),
})

const enrichment = z.strictObject({
  name: z.literal("compliance"),
  value: z.literal("hygiene"),
  data: z.strictObject({
    /** Is a firewall policy of Falcon applied? */
    Firewall_status: z.enum(["Enabled", "Disabled"]),
  }),
})

/** One item of the asset API. */
export const deviceInventory = z.strictObject({
  ...inventoryClass(class_uid, class_name),
  device,
  /** Missing when nothing is known. */
  enrichments: z.array(enrichment).optional(),
})
