/** `connector_*.json` and `trigger_*.json`: what collects, as long as it is configured. */
import type { JsonSchema } from "../../core/json-schema.ts"
import { connector_arguments } from "../asset-arguments.ts"
import { event_stream, type InventoryIdentity } from "../identity.ts"
import { draft07 } from "./draft-07.ts"

const $schema = "http://json-schema.org/draft-07/schema#"

const stream = {
  name: "Fetch CrowdStrike Falcon events",
  description:
    "Delivers the event streams of a CrowdStrike Falcon tenant to an intake: every event, unchanged and in order.",
  uuid: event_stream.uuid,
  docker_parameters: event_stream.docker_parameters,
  arguments: {
    $schema,
    title: "CrowdStrike Falcon event stream",
    type: "object",
    properties: { intake_key: { type: "string", description: "Key of the intake that takes the events." } },
    required: ["intake_key"],
  },
}

export const streamConnectorFile = (): JsonSchema => stream

/** The event stream as a trigger, which older platforms start. It sends no events to playbooks. */
export const streamTriggerFile = (): JsonSchema => ({
  ...stream,
  results: { $schema, title: "CrowdStrike Falcon events", type: "object" },
})

/** `on_premise`: an on-premise runner may collect, by the action that stands beside it. */
export const inventoryFile = (
  identity: InventoryIdentity,
  { on_premise }: { readonly on_premise: boolean },
): JsonSchema => ({
  name: identity.name,
  description: `Keeps ${identity.noun} of a CrowdStrike Falcon tenant in the asset inventory: all once, then what changes.`,
  uuid: identity.uuid,
  docker_parameters: identity.docker_parameters,
  type: "asset",
  capability: identity.capability,
  ...(on_premise && { execution_modes: ["cloud", "on_premise"], on_premise_action: identity.on_premise.uuid }),
  arguments: {
    ...draft07(connector_arguments, "input"),
    title: `${identity.name} asset connector`,
    secrets: ["sekoia_api_key"],
    internal: ["sekoia_base_url", "sekoia_api_key", "frequency", "batch_size"],
  },
})
