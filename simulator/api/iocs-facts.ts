/** What is documented about the calls of the indicator API: falconpy, gofalcon and the published swagger; maxima from PSFalcon. */
import type { Fact, Parameter } from "./fact.ts"

const reads = "IOC Management: Read"
const writes = "IOC Management: Write"
const indicators = "/iocs/entities/indicators/v1"

const text: Parameter = { type: "string" }
const flag: Parameter = { type: "boolean" }
const list: Parameter = { type: "array" }
const ids: Parameter = { type: "array", required: true }

/** Properties that results can be sorted by; a direction may follow, after `.` or `|`. */
const properties = [
  "action",
  "applied_globally",
  "created_by",
  "created_on",
  "expiration",
  "expired",
  "modified_by",
  "modified_on",
  "severity_number",
  "source",
  "type",
  "value",
]
const orders = properties.flatMap((one) => [
  one,
  ...["asc", "desc"].flatMap((way) => [`${one}.${way}`, `${one}|${way}`]),
])

/** 2000 is what PSFalcon asks for; older falconpy documentation says 500. */
const search: Fact["query"] = {
  filter: text,
  offset: { type: "integer", min: 0, max: 10_000 },
  limit: { type: "integer", min: 1, max: 2_000 },
  sort: { type: "string", enum: orders },
  after: text,
  from_parent: flag,
}

/** `APIIndicatorUpdateReqV1` but for its id */
const fields: Readonly<Record<string, Parameter>> = {
  action: { type: "string", enum: ["no_action", "allow", "detect", "prevent", "prevent_no_ui"] },
  severity: { type: "string", enum: ["informational", "low", "medium", "high", "critical"] },
  platforms: list,
  mobile_action: text,
  applied_globally: flag,
  host_groups: list,
  description: text,
  source: text,
  tags: list,
  expiration: text,
  metadata: { type: "object" },
}

const writing = { path: indicators, scope: writes, query: { retrodetects: flag, ignore_warnings: flag } } as const
const rows = { in: "body", key: "indicators", max: 2_000, over: 400 } as const
const array = (items: Readonly<Record<string, Parameter>>): Parameter => ({ type: "array", required: true, items })

export const create: Fact = {
  ...writing,
  method: "POST",
  success: 201,
  body: {
    comment: text,
    indicators: array({
      type: { type: "string", required: true },
      value: { type: "string", required: true },
      ...fields,
      applied_globally: { type: "boolean", required: true },
    }),
  },
  list: rows,
}

export const update: Fact = {
  ...writing,
  method: "PATCH",
  success: 200,
  // The model requires `bulk_update` too, yet clients send one of the two.
  body: { comment: text, indicators: array({ id: { type: "string", required: true }, ...fields }) },
  list: rows,
}

/** `ids` or `filter`, and `filter` wins. */
export const remove: Fact = {
  method: "DELETE",
  path: indicators,
  scope: writes,
  success: 200,
  query: { filter: text, ids: list, comment: text, from_parent: flag },
  list: { in: "query", key: "ids", optional: true },
}

export const get: Fact = {
  method: "GET",
  path: indicators,
  scope: reads,
  success: 200,
  query: { ids },
  list: { in: "query", key: "ids" },
}

export const query: Fact = {
  method: "GET",
  path: "/iocs/queries/indicators/v1",
  scope: reads,
  success: 200,
  query: search,
}

export const combined: Fact = { ...query, path: "/iocs/combined/indicator/v1" }

export const actions: Fact = { ...get, path: "/iocs/entities/actions/v1" }

export const report: Fact = {
  method: "POST",
  path: "/iocs/entities/indicators-reports/v1",
  scope: reads,
  success: 200,
  query: {},
  body: {
    report_format: { type: "string", required: true, enum: ["csv", "json"] },
    search: { type: "object", required: true },
    from_parent: flag,
  },
}
