import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { factOf } from "./facts.ts"
import { argumentsOf } from "./graphql.ts"
import { type Call, type Reply, serve } from "./serve.ts"

/** The one query of Identity Protection's GraphQL that the simulator knows: entities of type USER, page by page. */
export function identityRoutes(app: Hono, sim: SimContext): void {
  serve(app, sim, factOf("POST", "/identity-protection/combined/graphql/v1"), (call) => graphql(sim, call))
}

/** What the simulator knows how to obey. */
const known_arguments: ReadonlySet<string> = new Set(["types", "first", "after", "sortKey", "sortOrder", "archived"])

function graphql(sim: SimContext, { body, now }: Call): Reply {
  const query = String(body.query ?? "")
  // GraphQL answers its own failures with 200.
  const refuse = (message: string): Reply => ({ body: { data: null, errors: [{ message }] } })
  const given = argumentsOf(query, "entities", (body.variables ?? {}) as Readonly<Record<string, unknown>>)
  if (given === undefined || !query.includes("pageInfo")) return refuse("Cannot query this field")
  const unknown = Object.keys(given).find((name) => !known_arguments.has(name))
  if (unknown !== undefined) return refuse(`Unknown argument "${unknown}" on field "entities"`)
  const types = Array.isArray(given.types) ? given.types : [given.types]
  if (!types.includes("USER")) return refuse("the simulator has entities of type USER only")
  const first = Number(given.first ?? 50)
  if (!Number.isInteger(first) || first < 1 || first > 1_000) return refuse("first: 1 to 1000")
  const start = positionOf(given.after)
  if (start === undefined) return refuse("Invalid cursor")
  const extensions = sim.people.spend(first, now)
  if (extensions === undefined) return { status: 429, errors: [{ code: 429, message: "GraphQL budget exceeded" }] }
  const all = sim.people.identities()
  const found = all.filter((index) => index >= start).slice(0, first)
  const last = found.at(-1)
  const hasNextPage = last !== undefined && last !== all.at(-1)
  const endCursor = last === undefined ? null : Buffer.from(`after ${last}`).toString("base64url")
  const nodes = found.map((index) => sim.people.identity(index))
  return { body: { data: { entities: { nodes, pageInfo: { hasNextPage, endCursor } } }, extensions } }
}

/** The first index of a page. */
function positionOf(after: unknown): number | undefined {
  if (after === undefined || after === null) return 0
  const [, index] = /^after (\d+)$/.exec(Buffer.from(String(after), "base64url").toString()) ?? []
  return index === undefined ? undefined : Number(index) + 1
}
