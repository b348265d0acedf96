/** Checks one block against its schema and says what is wrong with it: which key, what is allowed there, how to set it. */
import { z } from "zod"
import { ConfigError } from "../errors.ts"
import { bare, type Env, notesOf, type Tree } from "./read.ts"

export const unknownKey = (allowed: readonly string[]): string =>
  `there is no such key; allowed here: ${allowed.join(", ")}`

/**
 * Validates one block; several problems end up in one error, a line each. `may_miss`: what is given must be right, and nothing
 * has to be given; for a block that is not used.
 */
export const parseBlock = <Shape extends Readonly<Record<string, z.ZodType>>>(
  shape: Shape,
  tree: Tree,
  source: string,
  path: string,
  env: Env,
  { may_miss = false }: { readonly may_miss?: boolean } = {},
): z.infer<z.ZodObject<Shape>> => {
  const result = z.strictObject(inForce(shape, tree, may_miss)).safeParse(tree, { reportInput: true })
  if (result.success) return result.data as z.infer<z.ZodObject<Shape>>
  const [first, ...more] = result.error.issues.map((issue) => describe(issue, shape, path, env))
  const message = [first!.message, ...more.map(({ key, message }) => `${key}: ${message}`)].join("\n")
  throw new ConfigError({ source, key: first!.key, message })
}

/** The schema for this block: keys that must be there because of what another key says, or need not be there at all. */
const inForce = (
  shape: Readonly<Record<string, z.ZodType>>,
  tree: Tree,
  may_miss: boolean,
): Record<string, z.ZodType> =>
  Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => {
      if (may_miss) return [key, schema.safeParse(undefined).success ? schema : schema.optional()]
      const { required_if } = notesOf(schema)
      if (required_if === undefined || !(schema instanceof z.ZodOptional)) return [key, schema]
      const other = shape[required_if.key]?.safeParse(tree[required_if.key])
      return [key, other?.data === required_if.is ? (schema.unwrap() as z.ZodType) : schema]
    }),
  )

type Issue = z.core.$ZodIssue

const describe = (issue: Issue, shape: Readonly<Record<string, z.ZodType>>, path: string, env: Env) => {
  const steps = issue.path.map(String)
  const at = [...(path === "" ? [] : [path]), ...steps].join(".").replaceAll(/\.(\d+)/g, "[$1]")
  const schema = steps.reduce<z.ZodType | undefined>(stepInto, z.object(shape))
  if (issue.code === "unrecognized_keys") {
    const block = schema === undefined ? undefined : bare(schema)
    const allowed = block instanceof z.ZodObject ? Object.keys(block.shape) : []
    return { key: at === "" ? issue.keys[0]! : `${at}.${issue.keys[0]}`, message: unknownKey(allowed) }
  }
  const notes = schema === undefined ? {} : notesOf(schema)
  const by_env = notes.env !== undefined && env[notes.env] ? ` (set by ${notes.env})` : ""
  return { key: at, message: `${messageOf(issue)}${by_env}${wayToSet(issue, at, notes)}` }
}

const stepInto = (schema: z.ZodType | undefined, step: string): z.ZodType | undefined => {
  const inner = schema === undefined ? undefined : bare(schema)
  if (inner instanceof z.ZodObject) return inner.shape[step] as z.ZodType | undefined
  return inner instanceof z.ZodArray ? (inner.element as z.ZodType) : undefined
}

const isMissing = (issue: Issue): boolean =>
  issue.input === undefined && (issue.code === "invalid_type" || issue.message === "is missing")

const kinds: Readonly<Record<string, string>> = {
  object: "a block of keys and values",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
}

const messageOf = (issue: Issue): string => {
  if (isMissing(issue)) return "is missing"
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`
  if (issue.code === "invalid_type") return `must be ${kinds[issue.expected] ?? issue.expected}`
  if (issue.code === "too_small") return `must be at least ${issue.minimum}`
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`
  return issue.message
}

/** How to give a missing key, its variable and file forms included. */
const wayToSet = (issue: Issue, at: string, notes: { env?: string; secret?: boolean }): string => {
  if (!isMissing(issue)) return ""
  const key = at.split(".").at(-1)!
  const ways = [`set ${at}`, ...(notes.secret ? [`${key}_file`] : []), ...(notes.env === undefined ? [] : [notes.env])]
  if (notes.secret && notes.env !== undefined) ways.push(`${notes.env}_FILE`)
  return `; ${ways.join(", or ")}`
}
