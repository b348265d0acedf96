import type { Json, JsonObject } from "./json.ts"
import type { Random } from "./random.ts"

/** One technique of MITRE ATT&CK under one of its tactics. */
export interface Technique {
  readonly tactic: string
  readonly tactic_id: string
  readonly technique: string
  readonly technique_id: string
}

const tactics = {
  TA0001: "Initial Access",
  TA0002: "Execution",
  TA0003: "Persistence",
  TA0004: "Privilege Escalation",
  TA0005: "Defense Evasion",
  TA0006: "Credential Access",
  TA0007: "Discovery",
  TA0008: "Lateral Movement",
  TA0009: "Collection",
  TA0010: "Exfiltration",
  TA0011: "Command and Control",
  TA0040: "Impact",
} as const

const catalogue = {
  "T1003.001": ["TA0006", "LSASS Memory"],
  "T1021.001": ["TA0008", "Remote Desktop Protocol"],
  "T1021.002": ["TA0008", "SMB/Windows Admin Shares"],
  T1027: ["TA0005", "Obfuscated Files or Information"],
  "T1048.003": ["TA0010", "Exfiltration Over Unencrypted Non-C2 Protocol"],
  "T1052.001": ["TA0010", "Exfiltration over USB"],
  "T1053.003": ["TA0003", "Cron"],
  "T1053.005": ["TA0003", "Scheduled Task"],
  "T1059.001": ["TA0002", "PowerShell"],
  "T1059.002": ["TA0002", "AppleScript"],
  "T1059.004": ["TA0002", "Unix Shell"],
  "T1059.006": ["TA0002", "Python"],
  "T1069.002": ["TA0007", "Domain Groups"],
  "T1071.001": ["TA0011", "Web Protocols"],
  "T1078.004": ["TA0001", "Cloud Accounts"],
  T1105: ["TA0011", "Ingress Tool Transfer"],
  "T1110.003": ["TA0006", "Password Spraying"],
  "T1218.011": ["TA0005", "Rundll32"],
  T1486: ["TA0040", "Data Encrypted for Impact"],
  T1490: ["TA0040", "Inhibit System Recovery"],
  T1530: ["TA0009", "Data from Cloud Storage"],
  "T1547.001": ["TA0003", "Registry Run Keys / Startup Folder"],
  "T1553.001": ["TA0005", "Gatekeeper Bypass"],
  "T1555.001": ["TA0006", "Keychain"],
  "T1558.003": ["TA0006", "Kerberoasting"],
  "T1566.001": ["TA0001", "Spearphishing Attachment"],
  "T1567.002": ["TA0010", "Exfiltration to Cloud Storage"],
  T1611: ["TA0004", "Escape to Host"],
} as const satisfies Record<string, readonly [keyof typeof tactics, string]>

/** The id of a technique that the population knows. */
export type TechniqueId = keyof typeof catalogue

/** The technique with that id, under the tactic that the population uses it for. */
export function getTechnique(technique_id: TechniqueId): Technique {
  const [tactic_id, technique] = catalogue[technique_id]
  return { tactic: tactics[tactic_id], tactic_id, technique, technique_id }
}

/** Every technique that the population knows. */
export const techniques: readonly Technique[] = (Object.keys(catalogue) as TechniqueId[]).map(getTechnique)

/** From one to three drawn techniques as the elements of `MitreAttack`. */
export function drawMitreAttack(random: Random, pattern_id?: number): Json[] {
  return random.sample(techniques, random.int(1, 3)).map((technique) => mitreAttack(technique, pattern_id))
}

/** A technique as an element of `MitreAttack`, with the pattern where the type has one. */
export function mitreAttack(technique: Technique, pattern_id?: number): JsonObject {
  return {
    ...(pattern_id !== undefined && { PatternID: pattern_id }),
    Tactic: technique.tactic,
    TacticID: technique.tactic_id,
    Technique: technique.technique,
    TechniqueID: technique.technique_id,
  }
}
