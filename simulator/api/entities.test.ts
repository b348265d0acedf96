import { describe, expect, test } from "bun:test"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Written by hand from recorded answers and from gofalcon's models, without a look at the simulator. */
const must_have = {
  host: words(`
    device_id cid agent_load_flags agent_local_time agent_version bios_manufacturer bios_version chassis_type
    chassis_type_desc config_id_base config_id_build config_id_platform connection_ip connection_mac_address
    cpu_signature cpu_vendor default_gateway_ip device_policies external_ip filesystem_containment_status first_seen
    group_hash groups hostname kernel_version last_login_user last_reboot last_seen local_ip mac_address
    machine_domain major_version meta minor_version modified_timestamp os_version ou platform_id platform_name
    pod_labels policies product_type product_type_desc provision_status reduced_functionality_mode serial_number
    site_name status system_manufacturer system_product_name tags`),
  alert: words(`
    agent_id aggregate_id assigned_to_name assigned_to_uid assigned_to_uuid cid composite_id confidence
    crawled_timestamp created_timestamp data_domains description device display_name email_sent external id
    is_aggregated is_falcon_platform_ioa linked_behavioral_detections linked_case_ids mitre_attack name objective
    origin_cid pattern_id platform product resolution scenario seconds_to_resolved seconds_to_triaged severity
    severity_name show_in_ui source_products source_vendors status tactic tactic_id tags technique technique_id
    timestamp type updated_timestamp`),
  indicator: words(`
    id type value source action severity description platforms tags expiration expired deleted applied_globally
    from_parent created_on created_by modified_on modified_by`),
  policy: words(`
    id cid name description platform_name enabled groups ioa_rule_groups prevention_settings created_by
    created_timestamp modified_by modified_timestamp`),
  group: words("id name group_type created_by created_timestamp modified_by modified_timestamp"),
  user: words("uuid uid cid first_name last_name status user_type factors created_at updated_at last_login_at"),
  vertex: words("id customer_id scope object_id device_id vertex_type timestamp properties"),
  identity: words(`
    entityId type primaryDisplayName secondaryDisplayName creationTime riskScore riskScoreSeverity accounts
    emailAddresses roles`),
}

type Entity = Readonly<Record<string, unknown>>

function start() {
  const simulator = makeSimulator({ templates: 200, hosts: 4, fleet: 4, alerts: 4 }, new VirtualClock())
  const client = new SdkClient("http://sim.test", simulator.fetch)
  return async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await client.request(path, { method, headers: await client.bearer(), ...sent })
    return (await response.json()) as { readonly resources: readonly Entity[] }
  }
}

const lacking = (entities: readonly Entity[], names: readonly string[]) =>
  names.filter((name) => entities.some((entity) => !Object.hasOwn(entity, name)))

describe("every entity has the fields of recorded answers and of CrowdStrike's models:", () => {
  test("a host, of those that the events are about and of the fleet", async () => {
    const { resources } = await start()("GET", "/devices/combined/devices/v1")
    expect(resources).toHaveLength(8)
    expect(lacking(resources, must_have.host)).toEqual([])
    for (const host of resources) {
      expect(host.reduced_functionality_mode).toBe("no")
      expect(host.group_hash).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  test("an alert, of its own and of the event stream", async () => {
    const call = start()
    const { resources: composite_ids } = await call("GET", "/alerts/queries/alerts/v2?limit=1000")
    const { resources } = await call("POST", "/alerts/entities/alerts/v2", { composite_ids })
    expect(resources.length).toBeGreaterThan(4)
    expect(lacking(resources, must_have.alert)).toEqual([])
  })

  test("an indicator, with what a file's hash has besides", async () => {
    const row = { action: "detect", severity: "high", platforms: ["windows"], applied_globally: true, tags: ["a"] }
    const more = { source: "x", description: "y", expiration: "2030-01-01T00:00:00Z" }
    const { resources } = await start()("POST", "/iocs/entities/indicators/v1", {
      indicators: [
        { type: "sha256", value: "a".repeat(64), ...row, ...more },
        { type: "domain", value: "a.example", ...row, ...more },
      ],
    })
    expect(lacking(resources, must_have.indicator)).toEqual([])
    expect(resources.map(({ metadata }) => metadata)).toEqual([{ signed: false, av_hits: -1 }, undefined])
  })

  test("a prevention policy, with its groups by id and name", async () => {
    const call = start()
    const rows = [{ name: "x", platform_name: "Windows" }]
    const [made] = (await call("POST", "/policy/entities/prevention/v1", { resources: rows })).resources
    expect(lacking([made!], must_have.policy)).toEqual([])
    const [group] = (await call("GET", "/devices/combined/host-groups/v1")).resources
    const { resources } = await call("POST", "/policy/entities/prevention-actions/v1?action_name=add-host-group", {
      ids: [made!.id],
      action_parameters: [{ name: "group_id", value: group!.id }],
    })
    expect(resources[0]!.groups).toEqual([{ id: group!.id, name: group!.name }])
  })

  test("a host group, and a user of the console", async () => {
    const call = start()
    expect(lacking((await call("GET", "/devices/combined/host-groups/v1")).resources, must_have.group)).toEqual([])
    const { resources: ids } = await call("GET", "/user-management/queries/users/v1")
    const users = await call("POST", "/user-management/entities/users/GET/v1", { ids })
    expect(lacking(users.resources, must_have.user)).toEqual([])
  })

  test("a vertex, and a user of the directory", async () => {
    const call = start()
    const { resources: composite_ids } = await call("GET", "/alerts/queries/alerts/v2?limit=1000")
    const alerts = (await call("POST", "/alerts/entities/alerts/v2", { composite_ids })).resources
    const ids = alerts.map(({ triggering_process_graph_id }) => triggering_process_graph_id).filter(Boolean)
    const query = ids.slice(0, 50).map((id) => `ids=${id}`)
    const vertices = (await call("GET", `/threatgraph/entities/processes/v2?${query.join("&")}`)).resources
    expect(vertices.length).toBeGreaterThan(1)
    expect(lacking(vertices, must_have.vertex)).toEqual([])
    const answer = await call("POST", "/identity-protection/combined/graphql/v1", {
      query: "{ entities(types: [USER], first: 5) { pageInfo { hasNextPage } nodes { entityId } } }",
    })
    const { data } = answer as unknown as {
      readonly data: { readonly entities: { readonly nodes: readonly Entity[] } }
    }
    expect(lacking(data.entities.nodes, must_have.identity)).toEqual([])
    // Sekoia's own client goes over the roles of everybody.
    expect(data.entities.nodes.every(({ roles }) => Array.isArray(roles))).toBe(true)
  })
})

test("a case takes custom fields, which falconjs sends with every change, and shows them", async () => {
  const call = start()
  const { resources } = await call("GET", "/cases/queries/cases/v1?limit=1")
  const change = (custom_fields: unknown) =>
    call("PATCH", "/cases/entities/cases/v2", { id: resources[0], fields: { status: "in_progress", custom_fields } })
  expect((await change([])).resources).toMatchObject([{ status: "in_progress", fields: [] }])
  const fields = [{ id: "team", values: ["blue"] }]
  expect((await change(fields)).resources).toMatchObject([{ fields }])
  expect((await change([{ id: "team" }])).resources).toEqual([])
})

test("hosts of the fleet are contained, hidden and asked for their state like the others", async () => {
  const call = start()
  const { resources: hosts } = await call("GET", "/devices/combined/devices/v1")
  const id = String(hosts.find(({ hostname }) => String(hostname).startsWith("FLT-"))!.device_id)
  const act = (name: string) => call("POST", `/devices/entities/devices-actions/v2?action_name=${name}`, { ids: [id] })
  const status = async () => (await call("POST", "/devices/entities/devices/v2", { ids: [id] })).resources[0]!.status
  expect((await act("contain")).resources).toMatchObject([{ id }])
  expect(await status()).toBe("containment_pending")
  expect((await call("GET", `/devices/entities/online-state/v1?ids=${id}`)).resources).toMatchObject([{ id }])
  const logins = await call("POST", "/devices/combined/devices/login-history/v2", { ids: [id] })
  expect(logins.resources).toMatchObject([{ device_id: id }])
  await act("hide_host")
  expect((await call("GET", "/devices/combined/devices/v1")).resources).toHaveLength(7)
})
