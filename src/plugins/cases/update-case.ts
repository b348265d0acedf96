import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import {
  case_entity,
  caseId,
  description,
  example_case,
  expected_version,
  name,
  orNone,
  severity,
  template_id,
  user_uuid,
  write,
} from "./case.ts"
import { changeCase } from "./change.ts"

const schema = z
  .strictObject({
    id: caseId(),
    name: orNone(name),
    description: orNone(description),
    severity: orNone(severity),
    status: z.enum(["new", "in_progress", "closed", "reopened"]).optional().describe("The status to set."),
    assigned_to_user_uuid: orNone(user_uuid),
    remove_user_assignment: z.literal(true).optional().describe("`true`: it is assigned to nobody any more."),
    template_id: orNone(template_id),
    expected_version,
  })
  .refine(({ assigned_to_user_uuid, remove_user_assignment }) => !(assigned_to_user_uuid && remove_user_assignment), {
    path: ["remove_user_assignment"],
    message: "excludes assigned_to_user_uuid",
  })
  .refine(({ id: _, expected_version: __, ...fields }) => Object.values(fields).some((one) => one !== undefined), {
    message: "nothing to change: give at least one of name, description, severity, status, an assignment, template_id",
  })

export const updateCase = defineAction({
  slug: "update_case",
  title: "Update case",
  description:
    "Sets name, description, severity, status, assignee or template of a case. With `expected_version` only when nobody has changed it since it was read: else 409 and the version by now.",
  arguments: schema,
  resource: case_entity,
  example: { id: example_case, status: "in_progress", expected_version: 3 },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: false,
  run: ({ id, expected_version, template_id, ...plain }) => {
    const fields = { ...plain, ...(template_id !== undefined && { template: { id: template_id } }) }
    return changeCase({ id, fields, expected_version })
  },
})
