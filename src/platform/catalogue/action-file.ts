/** `action_<docker parameter>.json`. */
import { z } from "zod"
import type { AnyAction } from "../../core/actions/action.ts"
import type { JsonSchema } from "../../core/json-schema.ts"
import { on_premise_arguments, on_premise_results } from "../asset-arguments.ts"
import { type InventoryIdentity, identityOf } from "../identity.ts"
import { resultsOf } from "../results.ts"
import { draft07 } from "./draft-07.ts"

/** The file of an action. `all`: with the arguments that the specification does not have. */
export const actionFile = (action: AnyAction, all: boolean): JsonSchema => {
  const { uuid } = identityOf(action.alias)
  return {
    name: action.title,
    description: action.description,
    uuid,
    slug: action.slug,
    docker_parameters: action.alias,
    arguments: { ...argumentsOf(action, all), title: "Arguments" },
    results: { ...draft07(resultsOf(action), "output"), title: "Results" },
  }
}

/** The file of the action that runs one cycle of an inventory; the platform starts it, and playbooks do not show it. */
export const onPremiseFile = ({ name, noun, on_premise }: InventoryIdentity): JsonSchema => ({
  name: `Collect ${name} (on-premise)`,
  description: `Runs one cycle of the asset connector of ${noun}. Started by on-premise asset connectors, not meant for playbooks.`,
  uuid: on_premise.uuid,
  slug: on_premise.slug,
  docker_parameters: on_premise.docker_parameters,
  internal: true,
  arguments: {
    ...draft07(on_premise_arguments, "input"),
    title: "Arguments",
    secrets: ["connector_configuration_token", "sekoia_api_key"],
  },
  results: { ...draft07(on_premise_results, "output"), title: "Results" },
})

const argumentsOf = (action: AnyAction, all: boolean): JsonSchema => {
  const { beyond = [], required = [] } = identityOf(action.alias)
  const left_out = all ? [] : beyond
  const shape: Readonly<Record<string, z.ZodType>> = action.arguments.shape
  const kept = Object.entries(shape).filter(([name]) => !left_out.includes(name))
  const schema = draft07(z.object(Object.fromEntries(kept)), "input")
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
  const needed = [...((schema.required ?? []) as string[]), ...(all ? [] : required)]
  return {
    ...schema,
    properties: Object.fromEntries(properties.map(([name, property]) => [name, asText(property)])),
    ...(needed.length > 0 && { required: needed }),
  }
}

/** A number or a text is asked for as text: a form has one field for it, and the action reads digits as a number. */
const asText = ({ anyOf, ...rest }: JsonSchema): JsonSchema => {
  if (!Array.isArray(anyOf)) return rest
  const types = anyOf.map((one: JsonSchema) => one.type).sort()
  return types.join() === "integer,string" ? { ...rest, type: "string" } : { ...rest, anyOf }
}
