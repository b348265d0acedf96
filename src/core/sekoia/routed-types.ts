/**
 * The values of `metadata.eventType` that Sekoia's parser of Falcon's events does something with; any other event arrives with its text
 * and nothing taken from it (SEKOIA-IO/intake-formats, CrowdStrike/crowdstrike_falcon/ingest/parser.yml, 2026-02-20).
 */
export const routed_event_types: readonly string[] = [
  "APIActivityAuditEvent",
  "AuthActivityAuditEvent",
  "AutomatedLeadSummaryEvent",
  "DetectionSummaryEvent",
  "EppDetectionSummaryEvent",
  "FirewallMatchEvent",
  "IdentityProtectionEvent",
  "IdpDetectionSummaryEvent",
  "IncidentSummaryEvent",
  "MobileDetectionSummaryEvent",
  "ScheduledReportNotificationEvent",
  "UserActivityAuditEvent",
  "Vertex",
  "XdrDetectionSummaryEvent",
]
