import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import {
  alert_ids,
  case_entity,
  caseIdOf,
  createOperation,
  description,
  event_ids,
  evidenceIds,
  name,
  orNone,
  severity,
  tags,
  template_id,
  user_uuid,
  write,
} from "./case.ts"
import { cases as bounds } from "./limits.ts"

const schema = z
  .strictObject({
    name,
    severity,
    description: orNone(description),
    status: z.enum(["new", "in_progress"]).optional().describe("How it begins; Falcon takes new when left out."),
    assigned_to_user_uuid: orNone(user_uuid),
    tags: orNone(tags("give it")),
    template_id: orNone(template_id),
    alert_ids: orNone(evidenceIds(alert_ids)),
    event_ids: orNone(evidenceIds(event_ids)),
  })
  .refine(({ alert_ids = [], event_ids = [] }) => alert_ids.length + event_ids.length <= bounds.evidence_max, {
    path: ["alert_ids"],
    message: `alerts and events together may be ${bounds.evidence_max}`,
  })

const selectors = (ids: readonly string[]) => ids.map((id) => ({ id }))

/** The arguments as Falcon names them. Those that were left out stay out. */
const bodyOf = ({ template_id, alert_ids, event_ids, ...plain }: z.output<typeof schema>) => {
  const evidence = {
    ...(alert_ids !== undefined && { alerts: selectors(alert_ids) }),
    ...(event_ids !== undefined && { events: selectors(event_ids) }),
  }
  return {
    ...plain,
    ...(template_id !== undefined && { template: { id: template_id } }),
    ...(Object.keys(evidence).length > 0 && { evidence }),
  }
}

/** Creates the case. Errors carry its name as their id, since it has no id before. */
export const createCase = defineAction({
  slug: "create_case",
  title: "Create case",
  description:
    "Creates a case, with alerts and events as its evidence. Doing it twice makes two: give an Idempotency-Key where it may be repeated.",
  arguments: schema,
  resource: case_entity,
  example: { name: "Suspicious PowerShell on WKS-0042", severity: 70, tags: ["sekoia"] },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: false,
  run: (args) =>
    callInBulk({
      ids: [args.name],
      per_call: 1,
      idOf: (resource) => (caseIdOf(resource) === undefined ? undefined : args.name),
      missing: "Falcon accepted the call without showing the case: it may be there, look with search_cases",
      operation: () => createOperation(bodyOf(args)),
    }),
})
