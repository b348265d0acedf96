import { getTechnique, mitreAttack } from "./attack.ts"
import type { Json, JsonObject } from "./json.ts"
import type { Random } from "./random.ts"
import { drawSeverity } from "./severity.ts"
import { drawTime, toSeconds } from "./times.ts"
import { company, makeConsoleLink, world } from "./world.ts"

/** Detection on a phone; the process ids of its connections are above 2^53. */
export function makeMobileDetection(random: Random): JsonObject {
  const user = random.pick(world.users)
  const sensor_id = random.hex(32)
  const mobile_id = random.int(1_000_000, 9_999_999)
  const pattern_id = random.int(30_000, 30_040)
  const technique = getTechnique("T1071.001")
  const seen = toSeconds(drawTime(random))
  const detect_id = `${company.cid}:ind:${sensor_id}:${mobile_id}-${pattern_id}`
  const description = `The app of ${user.full_name} talked to an address of a known campaign`
  return {
    SensorId: sensor_id,
    MobileDetectionId: mobile_id,
    ComputerName: `${user.full_name}’s ${random.pick(["Pixel 9", "Galaxy S25", "手机"])} \u{1F4F1}`,
    UserName: user.email,
    ContextTimeStamp: seen,
    ...(random.chance(0.5) ? { DetectId: detect_id } : { CompositeId: detect_id }),
    DetectName: "MaliciousDestination",
    DetectDescription: description,
    Name: "MaliciousDestination",
    Description: description,
    DataDomains: "Mobile",
    ApplicationName: "com.example.deckplan",
    FalconHostLink: makeConsoleLink(random, `mobile/detections/${detect_id}`),
    NetworkDetectionType: "destination",
    Objective: "Falcon Detection Method",
    PatternId: pattern_id,
    ...drawSeverity(random),
    SourceProducts: "Falcon for Mobile",
    SourceVendors: "CrowdStrike",
    Tactic: technique.tactic,
    TacticId: technique.tactic_id,
    Technique: technique.technique,
    TechniqueId: technique.technique_id,
    MitreAttack: [mitreAttack(technique, pattern_id)],
    MobileAppsDetails: random.list(0, 2, () => makeApp(random)),
    MobileNetworkConnections: random.list(1, 4, () => makeConnection(random, seen)),
    PlayIntegrityErrorList: random.list(0, 2, () => -random.int(1, 18)),
    PlayIntegrityMeetsBasicIntegrity: true,
    PlayIntegrityMeetsDeviceIntegrity: random.chance(0.8),
    PlayIntegrityMeetsStrongIntegrity: random.chance(0.6),
    VerifiedBootState: random.int(0, 3),
  }
}

function makeApp(random: Random): Json {
  return {
    AndroidAppLabel: random.pick(["Deck Plan", "船票 & 时刻表", "قارب"]),
    AndroidAppVersionName: `${random.int(1, 9)}.${random.int(0, 40)}.0`,
    AppIdentifier: "com.example.deckplan",
    AppInstallerInformation: "com.example.store",
    DexFileHashes: random.hex(64),
    ImageFileName: `/data/app/~~${random.hex(22)}==/com.example.deckplan/base.apk`,
    IsBeingDebugged: false,
    IsContainerized: random.chance(0.5),
  }
}

function makeConnection(random: Random, seen: number): Json {
  const address = random.ipv4()
  return {
    AccessTimestamp: seen - random.int(0, 600),
    ConnectionDirection: 0,
    ConnectionFlags: 0,
    ContextProcessId: random.bigint(10n ** 18n, 9n * 10n ** 18n),
    IsIPV6: false,
    LocalAddress: "",
    Protocol: "6",
    RemoteAddress: address,
    RemotePort: 443,
    Url: `https://${address}/c?id=${random.hex(12)}&v=2`,
  }
}
