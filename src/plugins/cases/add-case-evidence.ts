import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { changeParts } from "./add-to-case.ts"
import { alert_ids, case_entity, caseId, event_ids, evidenceIds, evidenceOf, example_case, write } from "./case.ts"
import { cases as bounds } from "./limits.ts"

const kinds = {
  /** falconpy `entities_alert_evidence_post_v1` */
  alerts: "/cases/entities/alert-evidence/v1",
  /** falconpy `entities_event_evidence_post_v1` */
  events: "/cases/entities/event-evidence/v1",
} as const

const adding =
  (kind: keyof typeof kinds, id: string) =>
  (ids: readonly string[]): Operation => ({
    name: `cases.add_${kind}`,
    method: "POST",
    path: kinds[kind],
    body: { id, [kind]: ids.map((one) => ({ id: one })) },
    // What a case has already it does not get twice.
    idempotent: true,
    scopes: write,
  })

const add = (kind: keyof typeof kinds, id: string, parts: readonly string[]) =>
  changeParts({ id, parts, operation: adding(kind, id), doneIn: (found) => evidenceOf(found, kind) })

const common = {
  resource: case_entity,
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: true,
  per_call: bounds.evidence_max,
} as const

const room = `A case takes ${bounds.evidence_max} pieces of evidence of all kinds together.`

export const addCaseAlerts = defineAction({
  ...common,
  slug: "add_case_alerts",
  title: "Add alerts to case",
  description: `Adds alerts to a case as its evidence. ${room}`,
  arguments: z.strictObject({ id: caseId(), alert_ids: evidenceIds(alert_ids) }),
  example: { id: example_case, alert_ids: ["5ddb0407bef249c19c7a975f17979a1f:ind:0c1fca6d3d7c4c0f8ff0d45ea3cf4c5a:1"] },
  run: ({ id, alert_ids }) => add("alerts", id, alert_ids),
})

export const addCaseEvents = defineAction({
  ...common,
  slug: "add_case_events",
  title: "Add events to case",
  description: `Adds LogScale events to a case as its evidence. ${room}`,
  arguments: z.strictObject({ id: caseId(), event_ids: evidenceIds(event_ids) }),
  example: { id: example_case, event_ids: ["7PTKJxqzV9hyGbD4kd1A6B0h_2_1_1784973600"] },
  run: ({ id, event_ids }) => add("events", id, event_ids),
})
