import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { sendCallerRows } from "./caller-rows.ts"
import { example_indicator, indicator, retrodetects, updateOperation, withRetrodetects, write } from "./indicator.ts"
import { iocs } from "./limits.ts"
import { idOfResource } from "./upsert-indicator.ts"
import { writable_fields } from "./writable-fields.ts"

/** gofalcon `APIIndicatorUpdateReqV1`, falconpy `indicator_update_payload`: a key that they do not have is a mistake, and said to be one. */
const row = z.strictObject({
  id: z.string().trim().min(1).max(200).describe("Of the indicator that is changed."),
  ...writable_fields,
})

export const updateIndicators = defineAction({
  slug: "update_indicators",
  alias: "ioc_update_indicators",
  title: "Update Indicators",
  description:
    "Changes the given fields of indicators; type and value cannot be changed. Errors name their row, `indicators.<n>`, and " +
    "its id.",
  arguments: z.strictObject({
    indicators: z.array(row).min(1).max(iocs.rows_max).describe("For each indicator its id and what changes."),
    retrodetects,
  }),
  resource: z.union([indicator, z.looseObject({})]),
  example: { indicators: [{ id: example_indicator, action: "prevent", severity: "critical" }] },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: true,
  per_call: iocs.rows_per_call,
  run: ({ indicators, retrodetects }) =>
    sendCallerRows({
      rows: indicators.map((given) => ({ key: given.id, body: given })),
      operation: (rows) => withRetrodetects(updateOperation(rows), retrodetects),
      keyOf: idOfResource,
    }),
})
