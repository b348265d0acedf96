/** What is documented about the calls on cases: falconpy `_case_management.py`, gofalcon `client/cases`, falcon-mcp `modules/cases.py`. */
import type { Fact, Parameter } from "./fact.ts"

const text: Parameter = { type: "string" }
const needed: Parameter = { type: "string", required: true }
const reads = "Cases: Read"
const writes = "Cases: Write"
const path = "/cases/entities/cases/v2"
const whole: Pick<Fact, "path" | "query"> = { path, query: {} }

export const query_cases: Fact = {
  method: "GET",
  path: "/cases/queries/cases/v1",
  scope: reads,
  success: 200,
  query: {
    filter: text,
    q: text,
    sort: text,
    limit: { type: "integer", min: 0, max: 10_000 },
    offset: { type: "integer", min: 0 },
  },
}

export const get_cases: Fact = {
  ...whole,
  method: "POST",
  scope: reads,
  success: 200,
  body: { ids: { type: "array", required: true } },
  // No maximum is documented; falcon-mcp asks for 500 at most.
  list: { in: "body", key: "ids", max: 500, over: 400 },
}

export const create_case: Fact = {
  ...whole,
  method: "PUT",
  scope: writes,
  success: 201,
  body: {
    name: needed,
    severity: { type: "integer", required: true, min: 1, max: 100 },
    description: text,
    status: { type: "string", enum: ["new", "in_progress"] },
    assigned_to_user_uuid: text,
    tags: { type: "array" },
    template: { type: "object" },
    evidence: { type: "object" },
  },
}

export const patch_case: Fact = {
  ...whole,
  method: "PATCH",
  scope: writes,
  success: 200,
  body: { id: needed, fields: { type: "object", required: true }, expected_version: { type: "integer" } },
}

const selectors: Parameter = { type: "array", required: true, items: { id: needed } }
const evidence = { method: "POST", scope: writes, success: 200, query: {} } as const

export const add_alerts: Fact = {
  ...evidence,
  path: "/cases/entities/alert-evidence/v1",
  body: { id: needed, alerts: selectors },
  list: { in: "body", key: "alerts", max: 100, over: 400 },
}

export const add_events: Fact = {
  ...evidence,
  path: "/cases/entities/event-evidence/v1",
  body: { id: needed, events: selectors },
  list: { in: "body", key: "events", max: 100, over: 400 },
}

const tags_path = "/cases/entities/case-tags/v1"

export const add_tags: Fact = {
  ...evidence,
  path: tags_path,
  body: { id: needed, tags: { type: "array", required: true } },
  list: { in: "body", key: "tags" },
}

export const remove_tags: Fact = {
  method: "DELETE",
  path: tags_path,
  scope: writes,
  success: 200,
  query: { id: needed, tag: { type: "array", required: true } },
  list: { in: "query", key: "tag" },
}

export const merge_cases: Fact = {
  ...evidence,
  path: "/cases/entities/merge/v1",
  body: { destination_id: needed, source_id: needed },
}
