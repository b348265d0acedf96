import { Effect } from "effect"
import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { actions, platforms, read_write, row, severities } from "./indicator.ts"
import { chooseAction } from "./possible-actions.ts"
import { checked, upsertIndicator } from "./upsert-indicator.ts"

const lower = (value: unknown): unknown => (typeof value === "string" ? value.trim().toLowerCase() : value)

/** The specification's types are md5 and sha256; the module's newer version adds addresses. */
const type = z.enum(["md5", "sha256", "ipv4", "ipv6"])

/** Defaults are those of the module's code, not of its schema, which would only detect. */
export const blockIoc = defineAction({
  slug: "block_ioc",
  title: "Block IOC",
  description:
    "Blocks a file hash, or an address as far as Falcon can: where it cannot, the address is only detected, and the answer " +
    "says so. When Falcon has an indicator of this type and value, that one is changed, and the " +
    "answer says what it was; one of another source keeps its source, tags and hosts.",
  arguments: z.strictObject({
    value: z.string().trim().min(1).max(256).describe("The hash or the address; no CIDR range."),
    type: z.preprocess(lower, type).describe("What the value is."),
    severity: z.enum(severities).default("high").describe("Of the alerts it raises."),
    platforms: z
      .array(z.enum(platforms))
      .min(1)
      .max(3)
      .default([...platforms])
      .describe("Where it applies."),
    action: z
      .enum(actions)
      .optional()
      .describe("What the sensor does. When left out: prevent, or detect where Falcon cannot prevent this type."),
    host_groups: z
      .array(z.string().trim().min(1).max(200))
      .max(1_000)
      .default([])
      .describe("Ids of host groups to which it is limited; empty for all hosts."),
  }),
  resource: row,
  example: { value: "ab03a48a29967e738583140e6eb84f0b", type: "md5" },
  scopes: read_write,
  changes: true,
  destructive: false,
  idempotent: true,
  run: (args) =>
    Effect.gen(function* () {
      yield* checked(args)
      const { action, note } = yield* chooseAction(args)
      return yield* upsertIndicator({ ...args, action }, note)
    }),
})
