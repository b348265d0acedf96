/** How an action describes itself to programs: the entry of `GET /actions` and of `akonis actions --json`. */
import { z } from "zod"
import type { Immutable, JsonSchema } from "../json-schema.ts"
import type { AnyAction } from "./action.ts"
import { results_schema } from "./response.ts"

const json_schema = z.record(z.string(), z.unknown())

/** An entry of the catalogue. */
export const catalogue_entry = z.object({
  slug: z.string(),
  aliases: z.array(z.string()).describe("Other names that it is called by."),
  title: z.string(),
  description: z.string(),
  arguments: json_schema.describe("JSON Schema of the arguments."),
  results: json_schema.describe("JSON Schema of `results`."),
  example: z.unknown().describe("Arguments that make sense."),
  scopes: z.array(z.string()).describe("What the Falcon API client needs."),
  changes: z.boolean().describe("Changes something in Falcon."),
  destructive: z.boolean().describe("What it changes is hard to undo, or takes a host off the network."),
  idempotent: z.boolean().describe("Doing it twice is the same as doing it once."),
  limits: z.object({
    per_call: z.int().nullable().describe("Ids or rows in one call to Falcon; longer lists are split."),
  }),
  retired: z
    .object({ since: z.string(), successor: z.string() })
    .nullable()
    .describe("Null unless CrowdStrike has withdrawn the API behind it."),
})

export type CatalogueEntry = Immutable<z.output<typeof catalogue_entry>>

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

const resultsSchema = ({ resource }: AnyAction): JsonSchema => {
  const results = results_schema.extend({ resources: z.array(resource) })
  const { $schema: _, ...schema } = z.toJSONSchema(results, { io: "output", unrepresentable: "any" })
  return schema as JsonSchema
}
