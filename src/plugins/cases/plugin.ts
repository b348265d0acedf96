/** Actions on cases, which took the place of incidents and behaviors. */
import { z } from "zod"
import { readCheck, writeCheck } from "../../core/check/scope-check.ts"
import { definePlugin } from "../../core/plugin.ts"
import { addCaseAlerts, addCaseEvents } from "./add-case-evidence.ts"
import { addCaseTags, removeCaseTags } from "./case-tags.ts"
import { closeCase } from "./close-case.ts"
import { createCase } from "./create-case.ts"
import { getCases } from "./get-cases.ts"
import { mergeCases } from "./merge-cases.ts"
import { searchCases } from "./search-cases.ts"
import { updateCase } from "./update-case.ts"

export const cases = definePlugin({
  id: "cases",
  title: "Finds cases, opens, changes and closes them, and fills them with alerts, events and tags.",
  enabled_by_default: true,
  config: z.strictObject({}),
  checks: () => [
    readCheck("Cases: Read", { method: "GET", path: "/cases/queries/cases/v1", query: { limit: 1 } }),
    writeCheck("Cases: Write", { method: "PATCH", path: "/cases/entities/cases/v2", body: { id: "", fields: {} } }),
  ],
  actions: [
    searchCases,
    getCases,
    createCase,
    updateCase,
    closeCase,
    addCaseAlerts,
    addCaseEvents,
    addCaseTags,
    removeCaseTags,
    mergeCases,
  ],
})
