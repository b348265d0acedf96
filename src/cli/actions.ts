/** `akonis actions`: what can be asked of Falcon. Needs no configuration: it lists all that ships. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { AnyAction } from "../core/actions/action.ts"
import { catalogueEntry } from "../core/actions/catalogue.ts"
import { makeRegistry, noSuchAction } from "../core/actions/registry.ts"
import type { JsonSchema } from "../core/json-schema.ts"
import { endCommand, jsonFlag, Plugins, print } from "./common.ts"
import { table } from "./table.ts"

const slug = Argument.String("slug").pipe(
  Argument.withDescription("An action to describe, by its slug or the name that the Python module used"),
  Argument.optional,
)

const plugin_flag = Flag.String("plugin").pipe(
  Flag.withDescription("Only the actions of one plugin"),
  Flag.withMetavar("NAME"),
  Flag.optional,
)

export const actions = Command.make("actions", { slug, plugin: plugin_flag, json: jsonFlag }, (flags) =>
  Effect.gen(function* () {
    const shipped = yield* Plugins
    const id = Option.getOrUndefined(flags.plugin)
    const plugins = shipped.filter((plugin) => id === undefined || plugin.id === id)
    if (plugins.length === 0) {
      const ids = shipped.map((plugin) => plugin.id).join(", ")
      return yield* endCommand(2, `there is no plugin ${id}; there are: ${ids}`)
    }
    const registry = makeRegistry(plugins.map((plugin) => ({ plugin })))
    const name = Option.getOrUndefined(flags.slug)
    if (name === undefined) {
      const list = registry.actions
      return yield* print(flags.json ? JSON.stringify(list.map(catalogueEntry), null, 2) : table(rows(list)))
    }
    const action = registry.find(name)
    if (action === undefined) {
      return yield* endCommand(2, `${noSuchAction(registry, name)}; \`akonis actions\` lists them`)
    }
    yield* print(flags.json ? JSON.stringify(catalogueEntry(action), null, 2) : describe(action))
  }),
).pipe(Command.withDescription("List the actions, or describe one with its arguments and scopes"))

const rows = (list: readonly AnyAction[]): string[][] => [
  ["ACTION", "EFFECT", "SCOPES", "WHAT IT DOES"],
  ...list.map((action) => [action.slug, effectOf(action), action.scopes.join(", "), action.title]),
]

const effectOf = ({ changes, destructive, retired }: AnyAction): string =>
  retired !== undefined ? "retired" : destructive ? "destructive" : changes ? "changes" : "reads"

const describe = (action: AnyAction): string => {
  const { aliases, arguments: schema, limits, retired } = catalogueEntry(action)
  const facts = [
    [
      "effect",
      `${effectOf(action)}${action.idempotent ? ", the same when done twice" : ", not the same when done twice"}`,
    ],
    ["scopes", action.scopes.join(", ")],
    ...(aliases.length > 0 ? [["also called", aliases.join(", ")]] : []),
    ...(limits.per_call === null ? [] : [["in one call", `${limits.per_call}; longer lists are split`]]),
    ...(retired === null ? [] : [["withdrawn", `${retired.since}; use ${retired.successor}`]]),
  ]
  const example = `akonis call ${action.slug} --args '${JSON.stringify(action.example).replaceAll("'", "'\\''")}'`
  return [
    `${action.slug}: ${action.title}`,
    action.description,
    "",
    table(facts),
    "",
    table([["ARGUMENT", "TYPE", "", "WHAT IT IS"], ...argumentRows(schema)]),
    "",
    example,
  ].join("\n")
}

const argumentRows = (schema: JsonSchema): string[][] => {
  const required = (schema.required ?? []) as readonly string[]
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, property]) => [
    name,
    typeOf(property),
    required.includes(name)
      ? "required"
      : property.default === undefined
        ? ""
        : `default ${JSON.stringify(property.default)}`,
    [property.description ?? "", ...valuesOf(property)].join(" "),
  ])
}

const typeOf = ({ type, items }: JsonSchema): string => {
  if (type === "array") return `list of ${typeOf((items ?? {}) as JsonSchema)}`
  return typeof type === "string" ? type : "any"
}

const valuesOf = (property: JsonSchema): string[] =>
  Array.isArray(property.enum) ? [`One of: ${property.enum.join(", ")}.`] : []
