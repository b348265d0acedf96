import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { sendCallerRows } from "./caller-rows.ts"
import { createOperation, indicator, keyOf, retrodetects, withRetrodetects, write } from "./indicator.ts"
import { checkValue, isIocType } from "./ioc-value.ts"
import { iocs } from "./limits.ts"
import { keyOfResource } from "./upsert-indicator.ts"
import { writable_fields } from "./writable-fields.ts"

/** gofalcon `APIIndicatorCreateReqV1`, falconpy `indicator_payload`: a key that they do not have is a mistake, and said to be one. */
const row = z.strictObject({
  type: z.string().trim().toLowerCase().min(1).max(64).describe("md5, sha256, domain, ipv4 or ipv6."),
  value: z.string().trim().min(1).max(2_048).describe("The hash, domain or address; no CIDR range."),
  ...writable_fields,
})

type Given = z.output<typeof row>

/** Hosts are all or some: what is not said follows from the other (the model requires `applied_globally`). */
const complete = (given: Given): Readonly<Record<string, unknown>> => ({
  applied_globally: (given.host_groups ?? []).length === 0,
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")),
})

const writeRow = (given: Given) => {
  const { type, value } = given
  if (!isIocType(type)) return { key: keyOf(given), body: complete(given) }
  const checked = checkValue(type, value)
  if ("reason" in checked) return { key: keyOf(given), body: {}, refused: checked.reason }
  return { key: keyOf({ type, value: checked.value }), body: complete({ ...given, value: checked.value }) }
}

export const createIndicators = defineAction({
  slug: "create_indicators",
  alias: "ioc_create_indicators",
  title: "Create Indicators",
  description:
    "Creates indicators as given. One that exists already is refused: change it with update_indicators. Errors name their " +
    "row, `indicators.<n>`, and its `type:value`.",
  arguments: z.strictObject({
    indicators: z.array(row).min(1).max(iocs.rows_max).describe("The indicators to create."),
    retrodetects,
  }),
  resource: z.union([indicator, z.looseObject({})]),
  example: {
    indicators: [
      { type: "domain", value: "login.example.com", action: "detect", severity: "high", platforms: ["windows"] },
    ],
  },
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: false,
  per_call: iocs.rows_per_call,
  run: ({ indicators, retrodetects }) =>
    sendCallerRows({
      rows: indicators.map(writeRow),
      operation: (rows) => withRetrodetects(createOperation(rows), retrodetects),
      keyOf: keyOfResource,
    }),
})
