/** Whether the default export of a plugin's file is a plugin: it was written elsewhere, by whomever, in any language. */
import { z } from "zod"

/** Keys below `plugins` that are none of a plugin's. */
const reserved = ["only", "load"]

const zodObject = z.custom<z.ZodObject>(
  (value) => value instanceof z.ZodObject,
  "must be a z.object or z.strictObject of the zod that is imported",
)
const zodType = z.custom<z.ZodType>(
  (value) => value instanceof z.ZodType,
  "must be a schema of the zod that is imported",
)
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function", "must be a function")
const line = z.string().trim().min(1).max(200)
const scopes = z
  .array(z.string().regex(/^[^:]+: (Read|Write)$/, 'must be as the console names it, such as "Hosts: Read"'))
  .max(32)

const action = z.looseObject({
  slug: z.string().regex(/^[a-z][a-z0-9_]{1,63}$/, "must be 2 to 64 lower-case letters, digits or underscores"),
  title: line,
  description: z.string().trim().min(1).max(2_000),
  arguments: zodObject,
  resource: zodType,
  example: z.record(z.string(), z.unknown()),
  scopes,
  changes: z.boolean(),
  destructive: z.boolean(),
  idempotent: z.boolean(),
  per_call: z.int().min(1).optional(),
  run: callable,
})

const enricher = z.looseObject({
  event_types: z
    .array(z.string().regex(/^\w{1,128}$/, "must be a name such as EppDetectionSummaryEvent"))
    .min(1)
    .max(64),
  fields: z.array(z.string().regex(/^[\x21-\x7e]{1,128}$/, "must be a key in ASCII")).max(64),
  pick: callable,
  enrich: callable,
})

const plugin = z.looseObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,39}$/, "must be 2 to 40 lower-case letters, digits or dashes")
    .refine((id) => !reserved.includes(id), "is a word of the configuration"),
  title: line,
  config: zodObject.refine(
    (config) => !("enabled" in config.shape),
    "must not have a key `enabled`, which every plugin has",
  ),
  example: z.record(z.string(), z.unknown()).optional(),
  scopes: scopes.optional(),
  actions: z.array(action).max(64).optional(),
  enricher: enricher.optional(),
  run: callable.optional(),
  check: callable.optional(),
})

/** What is wrong with a declaration, in a sentence; `undefined` when it is one. */
export const whyMisdeclared = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) return "it has no default export that is a plugin"
  const { api } = value as { readonly api?: unknown }
  if (api === undefined) return "it declares no api; `api: 1` is the version of the plugin API that this akonis speaks"
  if (api !== 1) return wrongVersion(api)
  const read = plugin.safeParse(value)
  if (!read.success) {
    const { path, message } = read.error.issues[0]!
    return `${path.join(".") || "the plugin"} ${message}`
  }
  const slugs = (read.data.actions ?? []).map(({ slug }) => slug)
  const twice = slugs.find((slug, at) => slugs.indexOf(slug) < at)
  return twice === undefined ? undefined : `it has two actions called ${twice}`
}

/** How another version of the API is refused. */
export const wrongVersion = (version: unknown): string =>
  `it declares api: ${JSON.stringify(version)}; this akonis speaks version 1 of the plugin API`
