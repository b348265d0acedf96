/** JSON Schema as Sekoia's platform reads it: draft 7, checked by Python. */
import { z } from "zod"
import type { JsonSchema } from "../../core/json-schema.ts"

/**
 * The schema of a zod type. `io`: as a caller writes it, or as it is answered. Objects take keys that the schema does not name: a
 * playbook that was made with another version of the module is told by the action itself what it does not know.
 */
export const draft07 = (schema: z.ZodType, io: "input" | "output"): JsonSchema =>
  z.toJSONSchema(schema, { target: "draft-7", io, unrepresentable: "any", override: forPython }) as JsonSchema

interface Written {
  minimum?: number
  maximum?: number
  pattern?: string
  additionalProperties?: unknown
  propertyNames?: unknown
  type?: unknown
}

const forPython = ({ jsonSchema }: { readonly jsonSchema: Written }): void => {
  // How large an integer of JavaScript can be says nothing about the value.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.pattern !== undefined) jsonSchema.pattern = pythonPattern(jsonSchema.pattern)
  if (jsonSchema.type === "object") delete jsonSchema.additionalProperties
}

/** Python's `re` does not know `\p{…}`. The patterns of arguments use it for one category only: control characters. */
const pythonPattern = (pattern: string): string =>
  pattern.replaceAll("\\P{Cc}", "[^\\x00-\\x1f\\x7f-\\x9f]").replaceAll("\\p{Cc}", "\\x00-\\x1f\\x7f-\\x9f")
