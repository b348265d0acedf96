import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { read_write, row } from "./indicator.ts"
import { ioc_types } from "./ioc-value.ts"
import { example_objects, push_arguments } from "./push-arguments.ts"
import { push } from "./push-indicators.ts"

export const pushIocsForDetection = defineAction({
  slug: "push_iocs_for_detection",
  alias: "push_iocs_detect",
  title: "Push IOCs for detection",
  description:
    "Raises alerts on the MD5 and SHA-256 hashes, addresses and domains that STIX indicators name. Those of ours that " +
    "expired, grew old or were revoked are deleted, existing ones are changed. What blocks goes on blocking, and an " +
    "indicator of another source is never weakened nor deleted.",
  arguments: z.strictObject({
    ...push_arguments,
    valid_for: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe("Days: indicators of ours that were last changed that long ago are deleted, unless they come again."),
  }),
  resource: row,
  example: { stix_objects: example_objects, valid_for: 90 },
  scopes: read_write,
  changes: true,
  destructive: false,
  idempotent: true,
  run: (args) => push({ ...args, types: ioc_types, action: "detect" }),
})
