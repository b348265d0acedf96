import { describe, expect, test } from "bun:test"
import { event_types, makeTemplate, makeTemplates } from "./catalogue.ts"
import { encode, type Style } from "./json.ts"
import { Random } from "./random.ts"
import { type EventTemplate, render } from "./template.ts"

const offset = 1_411_586
const created_ms = 1_768_204_800_123

/** Fields under `event` by which a reader knows the type's events, from the reference page of event shapes. */
const identifying_fields: Record<string, string> = {
  EppDetectionSummaryEvent:
    "AgentId CompositeId Hostname FalconHostLink FileName FilePath SHA256String Name Severity SeverityName Tactic " +
    "Technique PatternId PatternDispositionFlags.KillProcess PatternDispositionValue Type UserName LocalIP",
  DetectionSummaryEvent:
    "DetectId DetectName ComputerName SensorId CommandLine ProcessId ParentProcessId MD5String SHA256String Tactic " +
    "MitreAttack PatternDispositionFlags.Detect Severity NetworkAccesses",
  IdpDetectionSummaryEvent: "DetectId StartTime EndTime ContextTimeStamp SourceAccountUpn SourceEndpointSensorId",
  IdentityProtectionEvent: "IdentityProtectionIncidentId IncidentType NumbersOfAlerts StartTime State EndpointIp",
  MobileDetectionSummaryEvent: "SensorId MobileDetectionId MobileNetworkConnections MitreAttack VerifiedBootState",
  XdrDetectionSummaryEvent: "CompositeId DetectId StartTimeEpoch EndTimeEpoch HostNames SensorIds Tactics XdrType",
  AutomatedLeadSummaryEvent: "CompositeId LeadId LeadType Score MitreAttack ThreatgraphIndicators",
  DataProtectionDetectionSummaryEvent:
    "CompositeId AgentId ContentPatterns Destination.Channel EgressEventId FileType.Type.CategoryID Policy.ID RuleId",
  OverwatchGenericDetectionSummaryEvent: "CompositeId Category DisplayName MitreAttack Timestamp",
  IncidentSummaryEvent:
    "FalconHostLink FineScore HostID IncidentType IncidentStartTime LMHostIDs LateralMovement State",
  AuthActivityAuditEvent: "OperationName ServiceName Success UTCTimestamp UserId UserIp",
  UserActivityAuditEvent: "OperationName ServiceName UTCTimestamp UserId UserIp",
  APIActivityAuditEvent:
    "Attributes.APIClientID Attributes.request_path Attributes.status_code AuditKeyValues OperationName SourceIp Success",
  FirewallMatchEvent: "DeviceId HostName PolicyID RuleId LocalPort RemoteAddress Flags.Monitor Timestamp",
  RemoteResponseSessionStartEvent: "SessionId AgentIdString HostnameField StartTimestamp UserName",
  RemoteResponseSessionEndEvent: "SessionId HostnameField EndTimestamp UserName",
  CSPMSearchStreamingEvent: "AccountId CloudPlatform PolicyId ResourceId ResourceAttributes Tags Timestamp",
  CSPMIOAStreamingEvent: "AccountId CloudProvider EventAction EventCreatedTimestamp PolicyId UserSourceIp",
  ReconNotificationSummaryEvent: "NotificationId ItemId Highlights MatchedTimestamp RuleId RulePriority",
  ScheduledReportNotificationEvent: "ExecutionID ReportID ExecutionMetadata.ResultCount Status UserUUID",
  CustomerIOCEvent: "AgentIdString DeviceId ComputerName ProcessId ProcessStartTime",
}

const templates = makeTemplates(7, 2_000)
const texts = templates.map(toText)

function toText(template: EventTemplate): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(render(template, offset, created_ms))
}

function getPath(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value)
}

describe("render", () => {
  test("gives one JSON object in whose metadata the type, offset and creation time stand", () => {
    templates.forEach((template, index) => {
      const { metadata, event } = JSON.parse(texts[index]!)
      expect(metadata).toEqual({
        customerIDString: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventType: template.type,
        offset,
        eventCreationTime: created_ms,
        version: "1.0",
      })
      expect(event).toBeObject()
    })
  })

  test("writes no raw control characters", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the test looks for.
    expect(texts.filter((text) => /[\x00-\x1f]/.test(text))).toEqual([])
  })

  test("patches values of any length in", () => {
    for (const value of [0, 9, 10, 2 ** 53 - 1]) {
      const { metadata } = JSON.parse(new TextDecoder().decode(render(templates[0]!, value, value)))
      expect([metadata.offset, metadata.eventCreationTime]).toEqual([value, value])
    }
  })

  test("has a template whose size is the sum of its parts and whose slots occur once each", () => {
    for (const { parts, slots, bytes } of templates) {
      expect(bytes).toBe(parts.reduce((sum, part) => sum + part.length, 0))
      expect(slots.toSorted()).toEqual(["created_ms", "offset"])
      expect(parts.length).toBe(slots.length + 1)
    }
  })
})

describe("makeTemplates", () => {
  test("is the same for the same seed and another for another", () => {
    const texts_of = (seed: number) => makeTemplates(seed, 128).map(toText)
    expect(texts_of(1)).toEqual(texts_of(1))
    expect(texts_of(1)).not.toEqual(texts_of(2))
    expect(texts_of(1)).not.toEqual(texts_of(1 + 2 ** 32))
  })

  test.each([64, 100, 512])("holds every type in %d templates", (count) => {
    const types = new Set(makeTemplates(3, count).map((template) => template.type))
    expect([...types].toSorted()).toEqual(event_types.toSorted())
  })

  test.each([0, 1, 10])("makes %d templates when asked for so few", (count) => {
    expect(makeTemplates(3, count)).toHaveLength(count)
  })

  test("lets detections and audits dominate", () => {
    const common = /^(EppDetectionSummary|(API|Auth|User)ActivityAudit)Event$/
    expect(templates.filter(({ type }) => common.test(type)).length / templates.length).toBeWithin(0.6, 0.9)
  })

  test("has small events and a long tail", () => {
    const sizes = templates.map(({ bytes }) => bytes).toSorted((left, right) => left - right)
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeWithin(2_000, 4_500)
    expect(sizes[sizes.length / 2]).toBeWithin(1_000, 5_000)
    expect(sizes.at(-1)).toBeGreaterThan(100_000)
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(250_000)
  })
})

describe("makeTemplate", () => {
  test.each(event_types)("%s has the fields that identify it", (type) => {
    const paths = identifying_fields[type]!.split(" ")
    for (let seed = 0; seed < 30; seed++) {
      const { event } = JSON.parse(toText(makeTemplate(new Random(seed), type)))
      expect(paths.filter((path) => getPath(event, path) === undefined)).toEqual([])
    }
  })

  test.each(event_types)("%s grows to about the size asked for", (type) => {
    for (const size of [20_000, 240_000]) {
      const { bytes } = makeTemplate(new Random(size), type, size)
      expect(bytes).toBeWithin(size * 0.95, size * 1.1)
    }
  })

  test("refuses a type it does not know", () => {
    expect(() => makeTemplate(new Random(1), "Vertex")).toThrow("unknown event type: Vertex")
  })
})

describe("what trips naive readers", () => {
  test.each([
    ["event before metadata", /^\{"event": ?\{/],
    ["offset before eventType in metadata", /"metadata": ?\{[^}]*"offset"[^}]*"eventType"/],
    ["eventType before offset in metadata", /"metadata": ?\{[^}]*"eventType"[^}]*"offset"/],
    ["spaces after colons", /"offset": \d/],
    ["a text that holds an offset", /\\"offset\\":12345/],
    ["an object in event with an offset of its own", /"event": ?\{.*"offset": ?67890/],
    ["a process id above 2^53", /"ProcessId": ?17\d{17},/],
    ["a FILETIME above 2^53", /"StartTime": ?134\d{15}[,}]/],
    ["nanoseconds above 2^53", /"StartTimeEpoch": ?17\d{17}[,}]/],
    ["nulls", /": ?null/],
    ["empty texts", /": ?""/],
    ["nested empties", /"List": ?\[\[\]\]/],
    ["an escaped ampersand", /\\u0026/],
    ["a raw ampersand", /&/],
    ["escaped letters", /\\u0[45][0-9a-f]{2}/],
    ["an escaped surrogate pair", /\\ud83[c-e]\\ud[c-f]/],
    ["cyrillic", /\p{Script=Cyrillic}/u],
    ["arabic", /\p{Script=Arabic}/u],
    ["chinese", /\p{Script=Han}/u],
    ["an emoji", /\p{Emoji_Presentation}/u],
    ["a line separator that is none in JSON", /\u2028/],
    ["backslashes of paths", /C:\\\\Users\\\\/],
    ["an escaped line end and tab in a command line", /"CommandLine": ?"[^,]*\\n\\t/],
  ])("occurs: %s", (_, pattern) => {
    expect(texts.some((text) => pattern.test(text))).toBe(true)
  })
})

describe("encode", () => {
  const plain: Style = { escapes_html: false, ascii: false, colon: ":" }

  test("writes big numbers digit for digit", () => {
    const value = { ProcessId: 1719309930613520072n, FileTime: 133433951380000001n }
    expect(encode(value, plain).parts).toEqual(['{"ProcessId":1719309930613520072,"FileTime":133433951380000001}'])
  })

  test("refuses numbers that a double does not hold exactly", () => {
    for (const value of [2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encode([value], plain)).toThrow("use a bigint")
    }
  })

  test("writes the same value in every style", () => {
    const value = { "ключ & <b>": ["\u{1F6A2}", null, true, 1.5, {}, [], 'a"\\\n\t\u2028'] }
    for (const escapes_html of [false, true]) {
      for (const ascii of [false, true]) {
        for (const colon of [":", ": "] as const) {
          const text = encode(value, { escapes_html, ascii, colon }).parts.join("")
          expect(JSON.parse(text)).toEqual(value)
          expect(/[&<>]/.test(text)).toBe(!escapes_html)
          expect(/[^ -~]/.test(text)).toBe(!ascii)
        }
      }
    }
  })
})

describe("Random", () => {
  test("stays within its bounds and reaches them", () => {
    const random = new Random(11)
    const drawn = new Set(Array.from({ length: 500 }, () => random.int(-2, 2)))
    expect([...drawn].toSorted((left, right) => left - right)).toEqual([-2, -1, 0, 1, 2])
    expect(random.hex(5)).toMatch(/^[0-9a-f]{5}$/)
    expect(random.digits(15)).toMatch(/^[1-9]\d{14}$/)
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(random.bigint(2n ** 63n, 2n ** 63n)).toBe(2n ** 63n)
  })
})
