/** How an action describes itself to programs: the entry of `GET /actions` and of `akonis actions --json`. */
import { z } from "zod"
import type { AnyAction } from "./action.ts"

export interface CatalogueEntry {
  readonly slug: string
  readonly aliases: readonly string[]
  readonly title: string
  readonly description: string
  /** JSON Schema of the arguments. */
  readonly arguments: JsonSchema
  /** JSON Schema of `results`. */
  readonly results: JsonSchema
  readonly example: unknown
  readonly scopes: readonly string[]
  readonly changes: boolean
  readonly destructive: boolean
  readonly idempotent: boolean
  /** `per_call`: ids or rows in one call to Falcon; longer lists are split. */
  readonly limits: { readonly per_call: number | null }
  /** Null unless CrowdStrike has withdrawn the API behind it. */
  readonly retired: { readonly since: string; readonly successor: string } | null
}

export type JsonSchema = Readonly<Record<string, unknown>>

/** The entry of one action. */
export const catalogueEntry = (action: AnyAction): CatalogueEntry => ({
  slug: action.slug,
  aliases: action.alias === action.slug ? [] : [action.alias],
  title: action.title,
  description: action.description,
  arguments: argumentsSchema(action),
  results: resultsSchema(action),
  example: action.example,
  scopes: action.scopes,
  changes: action.changes,
  destructive: action.destructive,
  idempotent: action.idempotent,
  limits: { per_call: action.per_call ?? null },
  retired: action.retired ?? null,
})

/** JSON Schema of the arguments as a caller writes them: what has a default may be left out. */
export const argumentsSchema = (action: AnyAction): JsonSchema =>
  z.toJSONSchema(action.arguments, { io: "input", unrepresentable: "any" }) as JsonSchema

/** JSON Schema of one entry of `results.resources`. */
const resourceSchema = (action: AnyAction): JsonSchema => {
  const { $schema: _, ...schema } = z.toJSONSchema(action.resource, { io: "output", unrepresentable: "any" })
  return schema as JsonSchema
}

const resultsSchema = (action: AnyAction): JsonSchema => ({
  type: "object",
  properties: {
    resources: { type: "array", items: resourceSchema(action) },
    total: { type: "integer", description: "Of a search: how many there are in all." },
    next: { type: ["string", "integer"], description: "Of a search with more to come: the next call's `offset`." },
  },
  required: ["resources"],
})
