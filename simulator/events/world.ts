import { createHash } from "node:crypto"
import { person_names } from "./people.ts"
import { Random } from "./random.ts"

export type Platform = "Windows" | "Mac" | "Linux"

/** A person of the company with their accounts. */
export interface User {
  /** As people write it, often not in latin letters. */
  readonly full_name: string
  readonly login: string
  readonly email: string
  readonly sid: string
  readonly uuid: string
}

/** A host with a sensor, and the person who mostly uses it. */
export interface Host {
  readonly hostname: string
  /** 32 hex digits. */
  readonly agent_id: string
  readonly platform: Platform
  readonly local_ip: string
  readonly local_ipv6: string
  readonly mac: string
  /** Empty on hosts outside the directory. */
  readonly domain: string
  /** Ids of host groups, joined by commas as the events have them. */
  readonly groups: string
  readonly user: User
}

/** Anything with a 32 hex id and a name: policies, host groups, rules. */
interface Named {
  readonly id: string
  readonly name: string
}

/** An account at a cloud provider, and where its resources run. */
export interface CloudAccount {
  readonly provider: "aws" | "azure" | "gcp"
  readonly account_id: string
  readonly region: string
}

/** The company that all events are about. It does not exist. */
export const company = {
  name: "Borealis Ferries",
  /** customerIDString: 32 hex digits. */
  cid: "5ddb0407bef249c19c7a975f17979a1f",
  directory: "CORP.EXAMPLE.COM",
  netbios: "CORP",
  mail: "example.com",
  console: "https://falcon.eu-1.crowdstrike.com",
  api: "api.eu-1.crowdstrike.com",
} as const

/** The company's people, machines and policies: the same in every run, whatever the seed of the templates. */
export const world = makeWorld(new Random(20_260_112))

function makeWorld(random: Random) {
  const authority = ["S-1-5-21", ...random.list(3, 3, () => random.int(10 ** 9, 4 * 10 ** 9))].join("-")
  const users = person_names.map(
    ({ full, login }, index): User => ({
      full_name: full,
      login,
      email: `${login}@${company.mail}`,
      sid: `${authority}-${1104 + index}`,
      uuid: random.uuid(),
    }),
  )
  const groups = makeNamed(random, ["All Windows", "Servers", "Kiosks à quai", "VIP 役員", "Linux prod", "Pilot"])
  const hosts = Array.from({ length: 320 }, (_, index) => makeHost(random, index, random.pick(users), groups))
  return {
    users,
    hosts,
    host_groups: groups,
    firewall_policies: makeNamed(random, ["Default (Windows)", "Servers: inbound locked", "Büro Hamburg", "Kiosks"]),
    data_policies: makeNamed(random, ["Customer data", "Payroll", "Source code", "乗客名簿 (passenger lists)"]),
    classifications: makeNamed(random, ["Passport numbers", "IBAN", "Payment cards", "Конфиденциально"]),
    api_clients: makeNamed(random, ["siem-connector", "asset-sync", "soar <prod>", "r&d notebook"]),
    cloud_accounts: makeCloudAccounts(random),
  }
}

function makeNamed(random: Random, names: readonly string[]): readonly Named[] {
  return names.map((name) => ({ id: random.hex(32), name }))
}

function makeHost(random: Random, index: number, user: User, groups: readonly Named[]): Host {
  const platform = random.pick<Platform>(["Windows", "Windows", "Windows", "Mac", "Linux"])
  const mac = random.hex(12).match(/../g)!
  mac[0] = "02"
  return {
    hostname: makeHostname(random, platform, index, user),
    agent_id: random.hex(32),
    platform,
    local_ip: `10.${random.int(0, 40)}.${random.int(0, 255)}.${random.int(1, 254)}`,
    local_ipv6: random.chance(0.3) ? `2001:db8:${random.hex(4)}::${random.hex(4)}` : "",
    mac: mac.join("-"),
    domain: platform === "Windows" ? company.directory : "",
    groups: random
      .sample(groups, random.int(0, 3))
      .map((group) => group.id)
      .join(","),
    user,
  }
}

function makeHostname(random: Random, platform: Platform, index: number, user: User): string {
  const number = String(index).padStart(4, "0")
  const name = user.full_name.split(" ")[0]!
  if (platform === "Linux") return `${random.pick(["web", "db", "k8s-node", "build"])}-${number}.prod.example.com`
  if (platform === "Mac") return random.chance(0.3) ? `${name}’s MacBook Pro` : `BF-MAC-${number}`
  return `${random.pick(["HEL", "HAM", "PIR", "KOB"])}-${random.pick(["LT", "PC", "SRV"])}-${number}`
}

function makeCloudAccounts(random: Random): readonly CloudAccount[] {
  return [
    { provider: "aws", account_id: random.digits(12), region: "eu-west-1" },
    { provider: "aws", account_id: random.digits(12), region: "ap-northeast-1" },
    { provider: "azure", account_id: random.uuid(), region: "northeurope" },
    { provider: "gcp", account_id: "borealis-booking-prod", region: "europe-north1" },
  ]
}

/** The hashes of a file, always the same for the same path. */
export function hashesOf(path: string): { readonly md5: string; readonly sha1: string; readonly sha256: string } {
  const hash = (algorithm: string) => createHash(algorithm).update(path).digest("hex")
  return { md5: hash("md5"), sha1: hash("sha1"), sha256: hash("sha256") }
}

/** The id of a detection on a host: `<cid>:ind:<agent id>:<n>-<pattern>-<m>`. */
export function makeCompositeId(random: Random, agent_id: string, pattern_id: number): string {
  return `${company.cid}:ind:${agent_id}:${random.digits(12)}-${pattern_id}-${random.digits(7)}`
}

/** A link into the console, with a query whose `&` some writers escape. */
export function makeConsoleLink(random: Random, path: string): string {
  return `${company.console}/${path}?_cid=g04${random.hex(29)}&tz=UTC`
}
