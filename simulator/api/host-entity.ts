import { company, hashesOf, type Platform } from "../events/world.ts"

/** What is told about one host; the rest follows from it. */
export interface HostFacts {
  readonly id: string
  readonly hostname: string | null
  readonly platform: Platform
  readonly is_server: boolean
  readonly is_virtual: boolean
  readonly address: string
  readonly gateway: string
  readonly external_address: string
  readonly mac: string
  readonly domain: string
  readonly user: string | null
  readonly groups: readonly string[]
  readonly tags: readonly string[]
  readonly status: string
  readonly filesystem_contained: boolean
  readonly hidden: boolean
  readonly agent_version: string
  readonly serial_number: string
  /** RFC 3339. */
  readonly first_seen: string
  readonly last_seen: string
  readonly modified: string
  readonly last_reboot: string
}

/**
 * A host as the API shows it: what gofalcon's `DeviceapiDeviceSwagger` names and recorded hosts hold, empty values included. `ou`
 * and `pod_labels` are null, as they may be (Elastic's samples).
 */
export function hostEntity(host: HostFacts) {
  const { platform, is_server, is_virtual, last_seen } = host
  const policies = policiesOf(platform, host.modified)
  return {
    device_id: host.id,
    cid: company.cid,
    ...constants[platform],
    agent_load_flags: "0",
    agent_local_time: last_seen,
    agent_version: host.agent_version,
    bios_manufacturer: "Phoenix Technologies LTD",
    bios_version: "6.00",
    chassis_type: is_virtual ? "1" : "10",
    chassis_type_desc: is_virtual ? "Other" : "Notebook",
    config_id_base: "65994767",
    config_id_build: "19000",
    connection_ip: host.address,
    connection_mac_address: host.mac,
    cpu_signature: "591594",
    cpu_vendor: "0",
    default_gateway_ip: host.gateway,
    device_policies: policies,
    external_ip: host.external_address,
    filesystem_containment_status: host.filesystem_contained ? "contained" : "normal",
    first_seen: host.first_seen,
    group_hash: groupHash(host.groups),
    groups: host.groups,
    host_hidden_status: host.hidden ? "hidden" : "visible",
    hostname: host.hostname,
    last_login_timestamp: host.first_seen,
    last_login_user: host.user,
    last_reboot: host.last_reboot,
    last_seen,
    local_ip: host.address,
    mac_address: host.mac,
    machine_domain: host.domain,
    meta: { version: "6", version_string: "6:15400986742" },
    modified_timestamp: host.modified,
    ou: null,
    platform_name: platform,
    pod_labels: null,
    policies: [policies.prevention],
    product_type: is_server ? "3" : "1",
    product_type_desc: is_server ? "Server" : "Workstation",
    provision_status: "Provisioned",
    reduced_functionality_mode: "no",
    rtr_state: "enabled",
    serial_number: host.serial_number,
    site_name: "",
    status: host.status,
    system_manufacturer: is_virtual ? "VMware, Inc." : "Dell Inc.",
    system_product_name: is_virtual ? "VMware Virtual Platform" : "PowerEdge R650",
    tags: host.tags,
  }
}

const constants = {
  Windows: {
    platform_id: "0",
    config_id_platform: "3",
    major_version: "10",
    minor_version: "0",
    kernel_version: "10.0.20348.2762",
    os_version: "Windows Server 2022",
    os_build: "20348",
    os_product_name: "Windows Server 2022 Datacenter",
  },
  Mac: {
    platform_id: "1",
    config_id_platform: "4",
    major_version: "24",
    minor_version: "3",
    kernel_version: "24.3.0",
    os_version: "Sequoia (15)",
    os_build: "24D60",
    os_product_name: "macOS Sequoia",
  },
  Linux: {
    platform_id: "3",
    config_id_platform: "8",
    major_version: "6",
    minor_version: "8",
    kernel_version: "6.8.0-45-generic",
    os_version: "Ubuntu 24.04",
    os_build: "",
    os_product_name: "Ubuntu",
    linux_sensor_mode: "User Mode",
    deployment_type: "Standard",
  },
} as const

const group_hashes = new Map<string, string>()

/** SHA-256 over the groups; those of nobody are the hash of nothing. */
function groupHash(groups: readonly string[]): string {
  const key = groups.join(",")
  const known = group_hashes.get(key)
  if (known !== undefined) return known
  const made = hashesOf(key).sha256
  group_hashes.set(key, made)
  return made
}

function policiesOf(platform: Platform, date: string) {
  const policy = (policy_type: string, applied: boolean) => ({
    policy_type,
    policy_id: "3d1f0a3c3b1d4f5e8a7b6c5d4e3f2a1b",
    applied,
    settings_hash: "a1b2c3d4",
    assigned_date: date,
    applied_date: date,
    rule_groups: [],
  })
  return {
    prevention: policy("prevention", true),
    sensor_update: policy("sensor-update", true),
    device_control: policy("device-control", true),
    global_config: policy("globalconfig", true),
    remote_response: policy("remote-response", true),
    ...(platform === "Windows" && { firewall: policy("firewall", true) }),
  }
}
