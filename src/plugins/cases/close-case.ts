import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { case_entity, caseId, example_case, expected_version, write } from "./case.ts"
import { changeCase } from "./change.ts"

export const closeCase = defineAction({
  slug: "close_case",
  title: "Close case",
  description: "Closes a case; update_case with the status reopened opens it again. Its alerts stay as they are.",
  arguments: z.strictObject({ id: caseId(), expected_version }),
  resource: case_entity,
  example: { id: example_case },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: true,
  run: ({ id, expected_version }) => changeCase({ id, fields: { status: "closed" }, expected_version }),
})
