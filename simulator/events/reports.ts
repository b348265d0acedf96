import type { JsonObject } from "./json.ts"
import type { Random } from "./random.ts"
import { drawTime } from "./times.ts"
import { company, world } from "./world.ts"

const day_ms = 86_400_000

const posts = [
  `selling <em>${company.mail}</em> accounts, 40k lines, "fresh" & checked`,
  `продам базу <em>${company.name}</em>, пишите в лс`,
  `<em>${company.name}</em> 顧客リスト 売ります`,
  `login:pass\tadmin@<em>${company.mail}</em>:\\"hunter2\\"`,
]

/** Something that was posted about the company outside of it. */
export function makeReconNotification(random: Random): JsonObject {
  const posted_ms = drawTime(random)
  return {
    NotificationId: random.hex(48),
    ItemId: random.hex(40),
    ItemType: random.pick(["post", "reply", "paste"]),
    ItemPostedTimestamp: posted_ms,
    MatchedTimestamp: posted_ms + random.int(60_000, day_ms),
    Highlights: random.sample(posts, random.int(1, 3)),
    RuleId: random.uuid(),
    RuleName: `Mentions of ${company.name}`,
    RulePriority: random.pick(["low", "medium", "high"]),
    RuleTopic: "SA_BRAND_PRODUCT",
  }
}

/** A scheduled report or search ran. */
export function makeScheduledReport(random: Random): JsonObject {
  const user = random.pick(world.users)
  const started_ms = drawTime(random)
  const failed = random.chance(0.15)
  const report_id = random.hex(32)
  return {
    ExecutionID: random.hex(32),
    ReportID: report_id,
    ReportName: random.pick(["Weekly hosts", "Nouveaux hôtes & doublons", "週次レポート"]),
    ReportType: random.pick(["event_search", "hosts", "dashboard"]),
    ReportFileReference: failed ? "" : `/reports/entities/report-executions-download/v1?ids=${report_id}&format=csv`,
    Status: failed ? 4 : 2,
    StatusMessage: failed ? 'search failed: field "Größe" is unknown\n\tat line 3' : "",
    UserID: user.email,
    UserUUID: user.uuid,
    ExecutionMetadata: {
      ExecutionStart: started_ms,
      ExecutionDuration: random.int(1, 600),
      ReportFileName: failed ? "" : `weekly_${report_id}.csv`,
      ResultCount: failed ? 0 : random.int(0, 90_000),
      ResultID: random.digits(12),
      SearchWindowStart: started_ms - 7 * day_ms,
      SearchWindowEnd: started_ms,
    },
  }
}
