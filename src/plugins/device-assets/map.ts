/** Maps a host as Falcon describes it (gofalcon `DeviceapiDeviceSwagger`) to an OCSF Device Inventory Info event. */

import { inventoryHead } from "../../core/assets/ocsf.ts"
import { known, textOf, textsOf, timeMs, timeS } from "../../core/assets/read-fields.ts"
import type { Mapped } from "../../core/assets/source.ts"
import { fieldsOf, type JsonObject } from "../../core/json-object.ts"
import { hypervisorOf } from "./hypervisor.ts"
import {
  class_name,
  class_uid,
  type DeviceTypeId,
  device_types,
  deviceInventory,
  type OsTypeId,
  os_types,
} from "./ocsf.ts"

/** What Falcon says of a host group. */
export interface HostGroup {
  readonly name: string
  readonly desc: string | undefined
}

export type Groups = ReadonlyMap<string, HostGroup>

const day_s = 86_400

/**
 * Maps one host. Without `device_id` or `hostname` it is skipped: Sekoia's model requires both. Every other field may be missing or null.
 * A host counts as changed when anything but `time` differs; of `last_seen_time` only the day, since it moves all the time.
 */
export const mapDevice = (entity: unknown, groups: Groups, now_ms: number): Mapped => {
  const host = fieldsOf(entity)
  const id = textOf(host.device_id)
  if (id === undefined) return { kind: "skipped", id, reason: "it has no device_id" }
  const hostname = textOf(host.hostname)
  if (hostname === undefined) return { kind: "skipped", id, reason: "it has no hostname" }
  const time = timeS(host.modified_timestamp) ?? timeS(host.first_seen) ?? now_ms / 1_000
  const device = deviceOf(host, id, hostname, groups)
  const body = known({ device, enrichments: enrichmentsOf(host) })
  const checked = deviceInventory.safeParse({ ...inventoryHead(class_uid, class_name, time), ...body })
  if (!checked.success) return { kind: "skipped", id, reason: `${checked.error.issues[0]!.path.join(".")} is invalid` }
  const seen_day = device.last_seen_time === undefined ? undefined : Math.floor(device.last_seen_time / day_s)
  const content = { ...body, device: { ...device, last_seen_time: seen_day } }
  return { kind: "asset", id, created_ms: timeMs(host.first_seen), item: checked.data, content }
}

const deviceOf = (host: JsonObject, uid: string, hostname: string, groups: Groups) => {
  const type_id = typeOf(host)
  const first_seen = timeS(host.first_seen)
  return known({
    uid,
    uid_alt: textOf(host.serial_number),
    hostname,
    name: hostname,
    type: device_types[type_id],
    type_id,
    os: osOf(host),
    ip: textOf(host.local_ip),
    domain: textOf(host.machine_domain),
    region: textOf(host.zone_group),
    model: textOf(host.system_product_name),
    vendor_name: textOf(host.system_manufacturer),
    hypervisor: hypervisorOf(host),
    desc: textOf(host.product_type_desc),
    network_interfaces: interfacesOf(host, hostname),
    first_seen_time: first_seen,
    created_time: first_seen,
    last_seen_time: timeS(host.last_seen),
    boot_time: timeS(host.last_reboot),
    org: organizationOf(host),
    groups: groupsOf(host, groups),
    is_managed: true,
    is_compliant: complianceOf(host),
  })
}

/** Kinds of device by a part of what Falcon calls the product, in the order in which the Python module looks for them. */
const type_words: readonly (readonly [string, DeviceTypeId])[] = [
  ["server", 1],
  ["domain controller", 1],
  ["workstation", 2],
  ["desktop", 2],
  ["laptop", 2],
  ["mobile", 5],
  ["tablet", 5],
  ["phone", 5],
  ["virtual", 6],
]

const typeOf = (host: JsonObject): DeviceTypeId => {
  const product = textOf(host.product_type_desc)?.toLowerCase() ?? ""
  return type_words.find(([word]) => product.includes(word))?.[1] ?? 0
}

/** `mac` stands before `ios`: nothing holds both. The name is for hosts whose version Falcon does not know. */
const platforms: readonly (readonly [string, OsTypeId, string])[] = [
  ["windows", 100, "Windows"],
  ["linux", 200, "Linux"],
  ["mac", 300, "macOS"],
  ["ios", 301, "iOS"],
  ["android", 201, "Android"],
]

const osOf = (host: JsonObject) => {
  const platform = textOf(host.platform_name)
  const found = platforms.find(([word]) => platform?.toLowerCase().includes(word))
  const type_id = found?.[1] ?? 0
  const name = textOf(host.os_version) ?? found?.[2] ?? platform ?? "Unknown"
  return { name, type: os_types[type_id], type_id }
}

const interfacesOf = (host: JsonObject, hostname: string) => {
  const [local, connection, external] = [host.local_ip, host.connection_ip, host.external_ip].map(textOf)
  const mac = macOf(host.mac_address)
  const found = [
    ...(local !== undefined || mac !== undefined ? [known({ name: "primary", hostname, ip: local, mac })] : []),
    ...(connection !== undefined && connection !== local
      ? [known({ name: "connection", ip: connection, mac: macOf(host.connection_mac_address) })]
      : []),
    ...(external !== undefined && external !== local && external !== connection
      ? [{ name: "external", ip: external }]
      : []),
  ]
  return found.length === 0 ? undefined : found
}

const macOf = (value: unknown): string | undefined => textOf(value)?.replaceAll("-", ":").toUpperCase()

/** The model requires a name. Falcon has none for a tenant but the cloud provider of its host, which the Python module sends. */
const organizationOf = (host: JsonObject) => {
  const uid = textOf(host.cid)
  return uid === undefined ? undefined : { uid, name: textOf(host.service_provider) ?? uid }
}

/** A group that cannot be looked up is named by its id. */
const groupsOf = (host: JsonObject, groups: Groups) => {
  const found = textsOf(host.groups).map((uid) => {
    const group = groups.get(uid)
    return known({ uid, name: group?.name ?? uid, desc: group?.desc })
  })
  return found.length === 0 ? undefined : found
}

/** Falcon's words for a condition that is met, and for one that is not (gofalcon). Others, such as `Unknown`, say nothing. */
const conditions = {
  status: { good: ["normal"], bad: ["contained", "containment_pending", "lift_containment_pending"] },
  reduced_functionality_mode: { good: ["no"], bad: ["yes"] },
  filesystem_containment_status: {
    good: ["normal"],
    bad: ["contained", "containment_pending", "lift_containment_pending"],
  },
} as const satisfies Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>

/** One condition that is bad suffices for `false`; `true` takes all three. A field that is missing is not known. */
const complianceOf = (host: JsonObject): boolean | undefined => {
  const found = Object.entries(conditions).map(([field, { good, bad }]) => {
    const word = textOf(host[field])?.toLowerCase() ?? ""
    if ((bad as readonly string[]).includes(word)) return false
    return (good as readonly string[]).includes(word) ? true : undefined
  })
  if (found.includes(false)) return false
  return found.includes(undefined) ? undefined : true
}

/**
 * Whether a firewall policy of Falcon is applied. Falcon writes the key in lower case; the module that we replace read it with a
 * capital. A host that says nothing about it gets no enrichment.
 */
const enrichmentsOf = (host: JsonObject) => {
  const policies = fieldsOf(host.device_policies)
  const applied = [policies.firewall, policies.Firewall]
    .map((policy) => fieldsOf(policy).applied)
    .filter((value) => typeof value === "boolean")
  if (applied.length === 0) return undefined
  const data = { Firewall_status: applied.includes(true) ? "Enabled" : "Disabled" } as const
  return [{ name: "compliance", value: "hygiene", data }] as const
}
