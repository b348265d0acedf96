import { Effect, Result } from "effect"
import { z } from "zod"
import { type CallFacts, defineAction, type RowError } from "../../core/actions/action.ts"
import { callInBulk, type StateSeen } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { lookupOperation } from "../../core/actions/lookup-action.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { Falcon } from "../../core/falcon/client.ts"
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
    lookAgain: (open) => lookForTags(open, (own) => tags.every((one) => own.includes(one) === (action === "add"))),
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

/** Reads hosts back: those that have the tags as wanted by now. Needs Hosts: Read; a host that it cannot tell keeps its row error. */
const lookForTags = Effect.fnUntraced(function* (
  open: readonly RowError[],
  areAsWanted: (tags: readonly unknown[]) => boolean,
): Effect.fn.Return<ReadonlyMap<string, StateSeen>, never, Falcon> {
  const falcon = yield* Falcon
  const seen = new Map<string, StateSeen>()
  const ids = open.flatMap(({ id }) => id ?? [])
  for (let at = 0; at < ids.length; at += device_details.per_call) {
    const some = ids.slice(at, at + device_details.per_call)
    const answer = yield* Effect.result(falcon.request({ ...lookupOperation(device_details, some), retry: "none" }))
    if (Result.isFailure(answer)) break
    for (const host of answer.success.resources) {
      const id = deviceIdOf(host)
      const { tags } = (host ?? {}) as { readonly tags?: unknown }
      // A host that the answer named is in the response already.
      if (id !== undefined && areAsWanted(Array.isArray(tags) ? tags : [])) seen.set(id, { done: undefined })
    }
  }
  return seen
})

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
