import { makeApiActivity, makeAuthActivity, makeUserActivity } from "./audit.ts"
import { makeCloudAttack, makeCloudFinding } from "./cloud.ts"
import { makeCustomerIoc, makeEppDetection, makeLegacyDetection } from "./detections.ts"
import { addOddities, drawLayout, makeEnvelope } from "./envelope.ts"
import { makeIdentityIncident, makeIdpDetection } from "./identity.ts"
import type { JsonObject } from "./json.ts"
import { makeMobileDetection } from "./mobile.ts"
import {
  makeAutomatedLead,
  makeDataProtectionDetection,
  makeIncident,
  makeOverwatchDetection,
  makeXdrDetection,
} from "./products.ts"
import { Random } from "./random.ts"
import { makeReconNotification, makeScheduledReport } from "./reports.ts"
import { makeFirewallMatch, makeSessionEnd, makeSessionStart } from "./response.ts"
import { type EventTemplate, encodeTemplate } from "./template.ts"
import { lengthen } from "./text.ts"

interface Kind {
  /** The object under `event`. */
  readonly make: (random: Random) => JsonObject
  /** The field of `event` that takes text of any length; added where an event lacks it. */
  readonly text_field: string
  /** How often the type occurs, relative to the others. */
  readonly weight: number
}

const kinds: Readonly<Record<string, Kind>> = {
  EppDetectionSummaryEvent: { make: makeEppDetection, text_field: "CommandLine", weight: 34 },
  DetectionSummaryEvent: { make: makeLegacyDetection, text_field: "CommandLine", weight: 4 },
  IdpDetectionSummaryEvent: { make: makeIdpDetection, text_field: "DetectDescription", weight: 1.5 },
  IdentityProtectionEvent: { make: makeIdentityIncident, text_field: "IncidentDescription", weight: 1 },
  MobileDetectionSummaryEvent: { make: makeMobileDetection, text_field: "Description", weight: 1 },
  XdrDetectionSummaryEvent: { make: makeXdrDetection, text_field: "Description", weight: 1 },
  AutomatedLeadSummaryEvent: { make: makeAutomatedLead, text_field: "Name", weight: 1 },
  DataProtectionDetectionSummaryEvent: { make: makeDataProtectionDetection, text_field: "Description", weight: 1 },
  OverwatchGenericDetectionSummaryEvent: { make: makeOverwatchDetection, text_field: "Description", weight: 1 },
  IncidentSummaryEvent: { make: makeIncident, text_field: "Description", weight: 1 },
  AuthActivityAuditEvent: { make: makeAuthActivity, text_field: "Message", weight: 12 },
  UserActivityAuditEvent: { make: makeUserActivity, text_field: "Message", weight: 9 },
  APIActivityAuditEvent: { make: makeApiActivity, text_field: "Message", weight: 24 },
  FirewallMatchEvent: { make: makeFirewallMatch, text_field: "CommandLine", weight: 3 },
  RemoteResponseSessionStartEvent: { make: makeSessionStart, text_field: "Comment", weight: 1 },
  RemoteResponseSessionEndEvent: { make: makeSessionEnd, text_field: "Comment", weight: 1 },
  CSPMSearchStreamingEvent: { make: makeCloudFinding, text_field: "Finding", weight: 1 },
  CSPMIOAStreamingEvent: { make: makeCloudAttack, text_field: "PolicyStatement", weight: 1 },
  ReconNotificationSummaryEvent: { make: makeReconNotification, text_field: "RuleName", weight: 0.5 },
  ScheduledReportNotificationEvent: { make: makeScheduledReport, text_field: "StatusMessage", weight: 0.5 },
  CustomerIOCEvent: { make: makeCustomerIoc, text_field: "CommandLine", weight: 1.5 },
}

/** Every type that the simulator sends, metadata.eventType as Falcon spells it. */
export const event_types: readonly string[] = Object.keys(kinds)

const total_weight = Object.values(kinds).reduce((sum, kind) => sum + kind.weight, 0)

/** One template in that many holds a command line of 100 kB and more. */
const giant_interval = 500

/**
 * `count` templates in a believable mix, the same for the same seed. Every type occurs when `count` is at least 64.
 * Most are 1 to 5 kB; every full 500 hold one of 100 to 200 kB.
 */
export function makeTemplates(seed: number, count: number): readonly EventTemplate[] {
  const random = new Random(seed)
  const giants = Math.floor(count / giant_interval)
  const one_of_each = count >= 64 ? event_types : []
  const templates = Array.from({ length: count }, (_, index) => {
    const type = one_of_each[index - giants]
    if (index < giants) return makeTemplate(random, "EppDetectionSummaryEvent", random.int(100_000, 200_000))
    return makeTemplate(random, type ?? drawType(random), random.chance(0.04) ? drawLongText(random) : 0)
  })
  return random.shuffle(templates)
}

/**
 * One event of the type as a template. `text_bytes` pads its longest free text field (CommandLine, ...) until the
 * whole event has about that size; an event that is larger without it stays as it is.
 */
export function makeTemplate(random: Random, type: string, text_bytes = 0): EventTemplate {
  const kind = kinds[type]
  if (kind === undefined) throw new Error(`unknown event type: ${type}`)
  const event = addOddities(random, kind.make(random))
  const layout = drawLayout(random)
  const encodeEvent = (event: JsonObject) => encodeTemplate(type, makeEnvelope(type, event, layout), layout.style)

  const template = encodeEvent(event)
  const missing = text_bytes - template.bytes
  if (missing <= 0) return template
  const text = event[kind.text_field]
  const longer = lengthen(random, kind.text_field, typeof text === "string" ? text : "", missing)
  return encodeEvent({ ...event, [kind.text_field]: longer })
}

function drawType(random: Random): string {
  let left = random.unit() * total_weight
  for (const [type, kind] of Object.entries(kinds)) {
    left -= kind.weight
    if (left < 0) return type
  }
  return event_types[0]!
}

/** From 5 to 40 kB, small ones more often. */
function drawLongText(random: Random): number {
  return Math.round(5_000 * 8 ** random.unit())
}
