import { Effect } from "effect"
import { z } from "zod"
import { type CallFacts, defineAction } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { readIdsBack } from "../../core/actions/lookup-action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { agent_ids, device_details, deviceIdOf, example_host, write } from "./device.ts"
import { hosts as bounds } from "./limits.ts"

const tag = z
  .string()
  .max(bounds.tag_chars_max)
  .regex(
    /^FalconGroupingTags\/[^\s\p{Cc}]+$/u,
    "begins with FalconGroupingTags/, in exactly this case, and holds no blank",
  )

const schema = (verb: string) =>
  z.strictObject({
    ids: idsArgument(agent_ids),
    tags: z
      .array(tag)
      .min(1)
      .max(bounds.tags_max)
      .describe(
        `Tags to ${verb}, \`FalconGroupingTags/…\`; upper and lower case count. Tags of the sensor itself cannot be changed here.`,
      ),
  })

/** gofalcon `DeviceapiUpdateDeviceDetailsResponseV1` */
const tagged_host = z.looseObject({
  device_id: z.string().describe("The AID."),
  updated: z.boolean().nullish().describe("Whether anything had to be changed."),
  code: z.number().nullish(),
})

type Told = { readonly updated?: unknown; readonly code?: unknown; readonly error?: unknown }

/** A code above 399 is a refusal, of this device alone. */
const refusalIn = (resource: unknown) => {
  const { code, error } = (resource ?? {}) as Told
  if (typeof code !== "number" || code < 400) return undefined
  return { code, message: typeof error === "string" && error !== "" ? error : "Falcon did not tag this host" }
}

/** A device that was neither updated nor refused: it had the tags already, or nothing was done. Reading it back tells. */
const contradictionIn = (resource: unknown) =>
  (resource as Told | null)?.updated === true || refusalIn(resource) !== undefined
    ? undefined
    : "Falcon says that it did not update this host, and not why"

/** `PATCH /devices/entities/devices/tags/v1` (falconpy `UpdateDeviceTags`), answered for each device. Twice is the same as once. */
const changeTags = (action: "add" | "remove", ids: readonly string[], tags: readonly string[], facts: CallFacts) =>
  callInBulk({
    ids,
    per_call: facts.per_call,
    idOf: deviceIdOf,
    refusal: refusalIn,
    contradiction: contradictionIn,
    // Needs Hosts: Read.
    lookAgain: (open) => readIdsBack(device_details, open, seenAs(action, tags)),
    operation: (device_ids) => ({
      name: `hosts.${action}_tags`,
      method: "PATCH",
      path: "/devices/entities/devices/tags/v1",
      body: { action, device_ids, tags },
      idempotent: facts.idempotent,
      scopes: facts.scopes,
    }),
  }).pipe(
    Effect.map((outcome) => {
      const failed = new Set(outcome.errors.map(({ id = "" }) => idKey(id)))
      const resources = outcome.resources.filter((one) => !failed.has(idKey(deviceIdOf(one) ?? "")))
      return { ...outcome, resources }
    }),
  )

/**
 * A host that has the tags by now, or has them no more. It is in the response already, where the answer named it. One that shows no list of
 * tags says nothing; Go writes an empty one as `null`.
 */
const seenAs = (action: "add" | "remove", tags: readonly string[]) => (host: unknown) => {
  const shown = fieldsOf(host).tags
  const own = shown === null ? [] : shown
  if (!Array.isArray(own)) return undefined
  return tags.every((tag) => own.includes(tag) === (action === "add")) ? { done: undefined } : undefined
}

const common = {
  resource: tagged_host,
  scopes: write,
  changes: true,
  destructive: false,
  idempotent: true,
  per_call: bounds.tagged_per_call,
  example: { ids: [example_host], tags: ["FalconGroupingTags/quarantine"] },
}

export const tagHosts = defineAction({
  ...common,
  slug: "tag_hosts",
  title: "Tag hosts",
  description: "Gives hosts grouping tags, which groups, filters and policies can ask for. Told for each host.",
  arguments: schema("give"),
  hosts: ({ ids }) => ids,
  run: ({ ids, tags }, facts) => changeTags("add", ids, tags, facts),
})

export const untagHosts = defineAction({
  ...common,
  slug: "untag_hosts",
  title: "Untag hosts",
  description:
    "Takes grouping tags away from hosts. Told for each host; a tag that a host does not have is no failure.",
  arguments: schema("take away"),
  hosts: ({ ids }) => ids,
  run: ({ ids, tags }, facts) => changeTags("remove", ids, tags, facts),
})
