import { getTechnique } from "./attack.ts"
import type { JsonObject } from "./json.ts"
import type { Random } from "./random.ts"
import { drawLevel } from "./severity.ts"
import { drawTime, toSeconds } from "./times.ts"
import { type CloudAccount, company, makeConsoleLink, world } from "./world.ts"

const policies = [
  {
    id: 12,
    provider: "aws",
    service: "S3",
    text: "Bucket can be read by everyone",
    finding: "Policy: * may read & list",
  },
  { id: 48, provider: "aws", service: "EC2", text: "Port 22 is open to 0.0.0.0/0", finding: "Port 22 <- 0.0.0.0/0" },
  { id: 165, provider: "azure", service: "Key Vault", text: "Purge protection is off", finding: "softDelete: null" },
  { id: 170, provider: "azure", service: "Identity", text: "Secret is older than 90 days", finding: "Age: 412 days" },
  { id: 301, provider: "gcp", service: "Cloud KMS", text: "Key rotation is off", finding: "Rotation: disabled" },
] as const

const attacks = [
  { action: "ConsoleLogin", provider: "aws", service: "IAM", technique: getTechnique("T1078.004") },
  { action: "PutBucketPolicy", provider: "aws", service: "S3", technique: getTechnique("T1567.002") },
  { action: "Sign-in activity", provider: "azure", service: "Identity", technique: getTechnique("T1078.004") },
  { action: "storage.objects.get", provider: "gcp", service: "Cloud Storage", technique: getTechnique("T1530") },
] as const

/** A cloud resource that breaks a policy. */
export function makeCloudFinding(random: Random): JsonObject {
  const account = random.pick(world.cloud_accounts)
  const policy = random.pick(policies.filter(({ provider }) => provider === account.provider))
  const found_ms = drawTime(random)
  const resource = makeResource(random, account, policy.service)
  return {
    AccountId: account.account_id,
    Region: account.region,
    ResourceId: resource,
    ResourceIdType: "id",
    ResourceName: "",
    ResourceCreateTime: 0,
    PolicyId: policy.id,
    PolicyStatement: policy.text,
    ...drawLevel(random),
    CloudPlatform: account.provider,
    CloudService: policy.service,
    Disposition: random.pick(["Failed", "Passed"]),
    Finding: policy.finding,
    ReportUrl: makeConsoleLink(random, `cloud-security/findings/${random.uuid()}`),
    ResourceUrl: `https://console.example.com/${account.provider}/${account.region}?resource=${encodeURIComponent(resource)}`,
    // A JSON document in a text, quotes and all.
    ResourceAttributes: JSON.stringify({
      Arn: resource,
      Encrypted: null,
      Grants: [],
      Owner: { DisplayName: company.name },
    }),
    Tags: [
      { Key: "team", ValueString: random.pick(["booking", "運航管理", "r&d"]) },
      { Key: "deployment", ValueString: random.uuid() },
    ],
    Timestamp: found_ms,
  }
}

/** Something done in a cloud account that looks like an attack. */
export function makeCloudAttack(random: Random): JsonObject {
  const account = random.pick(world.cloud_accounts)
  const { action, service, technique } = random.pick(attacks.filter(({ provider }) => provider === account.provider))
  const user = random.pick(world.users)
  return {
    AccountId: account.account_id,
    PolicyId: random.int(500, 560),
    PolicyStatement: `${action} by an identity that never used it before`,
    CloudProvider: account.provider,
    CloudService: service,
    ...drawLevel(random),
    EventAction: action,
    EventSource: `${account.provider}.audit.example.com`,
    EventCreatedTimestamp: toSeconds(drawTime(random)),
    UserId: `AIDA${random.hex(16).toUpperCase()}`,
    UserName: user.full_name,
    UserSourceIp: random.ipv4(),
    Tactic: technique.tactic,
    Technique: technique.technique,
  }
}

function makeResource(random: Random, account: CloudAccount, service: string): string {
  if (account.provider === "gcp") return `//storage.example.com/projects/${account.account_id}/${random.hex(12)}`
  if (account.provider === "azure") return `/subscriptions/${account.account_id}/resourceGroups/fähre/${random.uuid()}`
  return `arn:aws:${service.toLowerCase()}:${account.region}:${account.account_id}:resource/${random.hex(17)}`
}
