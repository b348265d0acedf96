import type { Json, JsonObject } from "./json.ts"
import type { Random } from "./random.ts"
import { remarks } from "./text.ts"
import { drawTime, toIsoNanoseconds, toSeconds } from "./times.ts"
import { company, makeCompositeId, type User, world } from "./world.ts"

/** What an audit event says about its operation: names and texts, also where the text is a number. */
type Attributes = Record<string, string>

const requests = [
  { method: "GET", path: "/alerts/queries/alerts/v2", scope: "alerts:read", query: "limit=100&sort=updated_timestamp" },
  { method: "POST", path: "/alerts/entities/alerts/v2", scope: "alerts:read", query: "" },
  {
    method: "GET",
    path: "/devices/queries/devices-scroll/v1",
    scope: "devices:read",
    query: "limit=5000&offset=12345",
  },
  { method: "POST", path: "/devices/entities/devices/v2", scope: "devices:read", query: "" },
  {
    method: "GET",
    path: "/sensors/entities/datafeed/v2",
    scope: "streaming:read",
    query: "appId=siem&format=flatjson",
  },
  { method: "POST", path: "/oauth2/token", scope: "", query: "" },
  {
    method: "GET",
    path: "/iocs/queries/indicators/v1",
    scope: "iocs:read",
    query: "filter=type%3A%27domain%27&limit=500",
  },
] as const

const user_agents = [
  "python-requests/2.32.3",
  "Go-http-client/2.0",
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "asset-sync/4.1 (+https://example.com/asset-sync; ops & security)",
]

/** Audit of one request to the API, whoever made it; the same facts as `Attributes` and as `AuditKeyValues`. */
export function makeApiActivity(random: Random): JsonObject {
  const client = random.pick(world.api_clients)
  const { method, path, scope, query } = random.pick(requests)
  const received_ms = drawTime(random)
  const elapsed_us = random.int(900, 900_000)
  const user_ip = random.ipv4()
  const success = random.chance(0.95)
  const attributes: Attributes = {
    APIClientID: client.id,
    cid: company.cid,
    consumes: "application/json",
    elapsed_microseconds: String(elapsed_us),
    elapsed_time: `${elapsed_us / 1000}ms`,
    produces: "application/json",
    received_time: toIsoNanoseconds(random, received_ms),
    request_accept: "application/json, */*;q=0.8",
    request_content_type: method === "POST" ? "application/json" : "",
    request_host: company.api,
    request_method: method,
    request_path: path,
    request_query: `https://${company.api}${path}?${query}`,
    request_uri_length: String(path.length + query.length + 1),
    scopes: scope,
    status_code: success ? "200" : random.pick(["400", "403", "429", "500"]),
    sub_component_1: path,
    sub_component_2: path.split("/")[1]!,
    sub_component_3: client.name,
    trace_id: random.uuid(),
    user_agent: random.pick(user_agents),
    user_ip,
  }
  return {
    UserId: random.chance(0.8) ? `api-client-id:${client.id}` : "",
    UserIp: user_ip,
    OperationName: `${method} ${path}`,
    ServiceName: "Crowdstrike API Gateway",
    Success: success,
    UTCTimestamp: toSeconds(received_ms),
    Message: "",
    Source: "API",
    SourceIp: user_ip,
    Attributes: attributes,
    AuditKeyValues: keyValues(attributes),
  }
}

/** Audit of a log-on, a stream being opened or closed, or a change to users, roles and API clients. */
export function makeAuthActivity(random: Random): JsonObject {
  const actor = random.pick(world.users)
  const client = random.pick(world.api_clients)
  const at_ms = drawTime(random)
  const { service, operation, attributes } = drawAuthOperation(random, actor, client.id)
  const by_client = operation.startsWith("stream")
  return {
    UserId: by_client ? `api-client-id:${client.id}` : actor.email,
    UserIp: random.ipv4(),
    OperationName: operation,
    ServiceName: service,
    Success: random.chance(0.92),
    UTCTimestamp: random.chance(0.2) ? at_ms : toSeconds(at_ms),
    ...describe(random, { ...attributes, trace_id: random.hex(32) }),
  }
}

/** Audit of what an analyst did in the console. */
export function makeUserActivity(random: Random): JsonObject {
  const actor = random.pick(world.users)
  const host = random.pick(world.hosts)
  const detection_id = makeCompositeId(random, host.agent_id, random.int(10_000, 10_500))
  const [service, operation, attributes] = random.pick<readonly [string, string, Attributes]>([
    ["detections", "detection_update", { detection_id, new_state: "true_positive", message: random.pick(remarks) }],
    ["detections", "detection_update", { detection_id, assigned_to: random.pick(world.users).full_name }],
    ["hosts", "containment_requested", { device_id: host.agent_id, message: random.pick(remarks) }],
    ["quarantined_files", "quarantined_file_update", { seedID: random.digits(9), action_taken: "released" }],
    ["groups", "update_group", { group_name: "VIP 役員", assignment_rule: `hostname:'${host.hostname}'` }],
  ])
  return {
    UserId: actor.email,
    UserIp: random.chance(0.85) ? random.ipv4() : "",
    OperationName: operation,
    ServiceName: service,
    UTCTimestamp: toSeconds(drawTime(random)),
    ...describe(random, attributes),
  }
}

function drawAuthOperation(random: Random, actor: User, client_id: string) {
  const target = random.pick(world.users)
  const by_actor = { actor_user: actor.email, actor_user_uuid: actor.uuid, actor_cid: company.cid }
  // A stream's own audit holds texts with the names of the envelope's fields.
  const stream = {
    partition: String(random.int(0, 3)),
    offset: random.chance(0.2) ? "-1" : random.digits(7),
    appId: random.pick(["siem", "sio-00000", "soar01"]),
    eventType: random.pick(["All event type(s)", "EppDetectionSummaryEvent"]),
    APIClientID: client_id,
  }
  const target_user = { target_name: target.email, target_user_uuid: target.uuid, target_cid: company.cid }
  const login = { target_user: target.full_name, app_id: random.uuid() }
  const operations: readonly (readonly [string, string, Attributes])[] = [
    ["Crowdstrike Streaming API", "streamStarted", stream],
    ["Crowdstrike Streaming API", "streamStopped", stream],
    ["Crowdstrike Authentication", "userAuthenticate", login],
    ["Crowdstrike Authentication", "twoFactorAuthenticate", login],
    ["Crowdstrike Authentication", "saml2Assert", { ...login, saml_assertion: samlAssertion(random, actor) }],
    ["Crowdstrike Authentication", "grantUserRoles", { ...target_user, ...by_actor, roles: "falconhost_read_only" }],
    ["Crowdstrike Authentication", "createUser", { ...target_user, ...by_actor, name: target.full_name }],
    ["Crowdstrike API Client", "CreateAPIClient", { ...by_actor, APIClientID: client_id, "scope(s)": "alerts:read" }],
    ["Crowdstrike Allowlist Management", "UpdateAllowlistGroup", { cidrs: "[192.0.2.0/24]", description: "" }],
  ]
  const [service, operation, attributes] = random.pick(operations)
  return { service, operation, attributes }
}

/** Base64 in lines of 76 characters, as SAML has it. */
function samlAssertion(random: Random, user: User): string {
  const attributes = random.list(
    4,
    20,
    () => `<saml:Attribute Name="${random.uuid()}">${user.full_name}</saml:Attribute>`,
  )
  const assertion = `<saml:Assertion ID="_${random.hex(32)}">${attributes.join("\n")}</saml:Assertion>`
  return Buffer.from(assertion).toString("base64").replace(/.{76}/g, "$&\r\n")
}

/** The attributes in one of the two forms that audit events have, or in both. */
function describe(random: Random, attributes: Attributes): JsonObject {
  const form = random.pick(["object", "pairs", "pairs", "both"])
  return {
    ...(form !== "pairs" && { Attributes: attributes }),
    ...(form !== "object" && { AuditKeyValues: keyValues(attributes) }),
  }
}

function keyValues(attributes: Attributes): Json[] {
  return Object.entries(attributes).map(([name, text]) => ({ Key: name, ValueString: text }))
}
