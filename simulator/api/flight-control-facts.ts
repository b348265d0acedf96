/**
 * What is documented about the calls that list the customers below a Flight Control parent: gofalcon
 * (`client/mssp/query_children_parameters.go`, `models/domain_child_link.go`) and FalconPy (`_endpoint/_mssp.py`) for parameters and bodies;
 * PSFalcon (`public/mssp.ps1`) for the scope and the 5000 ids of a page. Without `limit` a page holds 10 (gofalcon).
 */
import type { Fact } from "./fact.ts"

const scope = "Flight Control: Read"

export const query_children: Fact = {
  method: "GET",
  path: "/mssp/queries/children/v1",
  scope,
  success: 200,
  query: {
    filter: { type: "string" },
    sort: { type: "string" },
    limit: { type: "integer", min: 1, max: 5_000 },
    offset: { type: "integer", min: 0 },
  },
}

/** No source tells a maximum of ids: the client stays below 500, which no other call of this kind refuses. */
export const get_children: Fact = {
  method: "POST",
  path: "/mssp/entities/children/GET/v2",
  scope,
  success: 200,
  query: {},
  body: { ids: { type: "array", required: true } },
  list: { in: "body", key: "ids", max: 500, over: 400 },
}
