/** The `filter` of every route: which properties it may ask for, and what is said when it cannot be read. */
import { type Fql, parseFql } from "./fql.ts"
import type { Reply } from "./serve.ts"

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Properties of a host: gofalcon's `DeviceapiDeviceSwagger`. */
export const device_properties = words(`
  agent_load_flags agent_local_time agent_version base_image_version bios_manufacturer bios_version build_number
  chassis_type chassis_type_desc cid cloud_service_compartment_id config_id_base config_id_build config_id_platform
  connection_ip connection_mac_address cpu_signature cpu_vendor criticality default_gateway_ip deployment_type
  detection_suppression_status device_id device_policies email external_ip filesystem_containment_status
  first_login_timestamp first_seen group_hash groups host_hidden_status host_utc_offset hostname instance_id
  k8s_cluster_git_version k8s_cluster_id k8s_cluster_version kernel_version last_login_timestamp last_login_uid
  last_login_user last_login_user_sid last_reboot last_seen linux_sensor_mode local_ip mac_address machine_domain
  major_version meta minor_version modified_timestamp notes os_build os_product_name os_version ou platform_id
  platform_name pod_annotations pod_host_ip4 pod_host_ip6 pod_hostname pod_id pod_ip4 pod_ip6 pod_labels pod_name
  pod_namespace pod_service_account_name pointer_size policies product_type product_type_desc provision_status
  reduced_functionality_mode release_group rtr_state serial_number service_pack_major service_pack_minor
  service_provider service_provider_account_id site_name status system_manufacturer system_product_name tags zone_group`)

/** Properties of an alert: gofalcon's `DetectsAlert`, and `comments` of falcon-mcp's guide. */
export const alert_properties = words(`
  agent_id aggregate_id aggregation_rule_id aggregation_rule_name alleged_filetype assigned_to_name assigned_to_uid
  assigned_to_uuid charlotte cid cmdline cms_rule_id cms_rule_instance_id comments composite_id confidence
  context_timestamp control_graph_id crawled_timestamp created_timestamp data_domains description device display_name
  email_sent external falcon_host_link filename filepath global_prevalence grandparent_details id incident indicator_id
  ioc_context ioc_type ioc_value is_aggregated linked_behavioral_detections linked_case_ids local_prevalence
  local_process_id logon_domain md5 mitre_attack name objective origin_cid parent_details parent_process_id
  pattern_disposition pattern_id platform poly_id process_end_time process_id process_start_time product
  quarantined_files resolution scenario seconds_to_resolved seconds_to_triaged severity severity_name sha1 sha256
  show_in_ui source_products source_vendors status tactic tactic_id tags technique technique_id timestamp tree_id
  tree_root triggering_process_graph_id type updated_timestamp user_id user_name`)

/** Properties of an indicator: gofalcon's `APIIndicatorV1`, and `severity_number`, by which falconpy sorts. */
export const indicator_properties = words(`
  action applied_globally created_by created_on deleted description expiration expired from_parent host_groups id
  metadata mobile_action modified_by modified_on parent_cid_name platforms severity severity_number source tags type value`)

/** Properties of a case: gofalcon's `SdkCaseVM`, with the names that falconpy and falcon-mcp give as filters. */
export const case_properties = words(`
  assigned_to assigned_to_name assigned_to_userid assigned_to_uuid cid created_timestamp description end_timestamp
  evidence id name reference_id severity start_timestamp status tags template updated_timestamp version`)

/** Properties of a host group: gofalcon's `HostGroupsHostGroupV1`. */
export const group_properties = words(`
  assignment_rule created_by created_timestamp description group_type id modified_by modified_timestamp name`)

/** Properties of a prevention policy: gofalcon's `PreventionPolicyV1`. */
export const policy_properties = words(`
  cid created_by created_timestamp description enabled groups id ioa_rule_groups modified_by modified_timestamp name
  platform_name precedence prevention_settings`)

/** What falconpy lists as filters of users. */
export const user_properties = words(`
  assigned_cids cid direct_assigned_cids factors first_name has_temporary_roles last_name name status
  temporarily_assigned_cids uid uuid`)

const everything: Fql = { matches: () => true, properties: [] }

/**
 * The filter of a request; the refusal of what cannot be read. A property that nobody documents is refused too: Falcon does
 * so for hosts and sensors (falconpy issue 1244, falcon-mcp issue 501), elsewhere it finds nothing (falcon-mcp pull request
 * 574), and nothing is what a typing error must not look like here.
 */
export function readFilter(query: URLSearchParams, properties: ReadonlySet<string>, now: number): Fql | Reply {
  const filter = query.get("filter") ?? ""
  if (filter === "") return everything
  const fql = parseFql(filter, now)
  if (fql === undefined) return refuse("Invalid filter expression supplied")
  const unknown = fql.properties.find((property) => !properties.has(property.split(".")[0]!))
  if (unknown !== undefined) return refuse(`Failed to parse filter expression. ['${unknown}' is an unknown property]`)
  return fql
}

/** Whether `readFilter` refused. */
export const isRefusal = (read: Fql | Reply): read is Reply => !("matches" in read)

const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [] })
