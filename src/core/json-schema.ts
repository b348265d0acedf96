/** What the HTTP API answers is declared once, as zod schemas; types and JSON Schema follow from them. */
import { z } from "zod"

/** The type of a schema's values, as something that nobody changes: `Immutable<z.output<typeof schema>>`. */
export type Immutable<T> = T extends readonly (infer Each)[]
  ? readonly Immutable<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T

export type JsonSchema = Readonly<Record<string, unknown>>

/** JSON Schema of each; where one holds another, it refers to it as `#/components/schemas/<name>`, as OpenAPI does. */
export const jsonSchemas = <Name extends string>(
  named: Readonly<Record<Name, z.ZodType>>,
): Record<Name, JsonSchema> => {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries<z.ZodType>(named)) registry.add(schema, { id })
  const uri = (id: string) => `#/components/schemas/${id}`
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri, override: withoutIntegerBounds })
  const bare = Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema])
  return Object.fromEntries(bare) as Record<Name, JsonSchema>
}

/** zod writes how large an integer of JavaScript can be, which says nothing about the answer. */
const withoutIntegerBounds = ({
  jsonSchema,
}: {
  readonly jsonSchema: { minimum?: number; maximum?: number }
}): void => {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
}
