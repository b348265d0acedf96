import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { read_write, row } from "./indicator.ts"
import { example_objects, push_arguments } from "./push-arguments.ts"
import { push } from "./push-indicators.ts"

export const pushIocsForPrevention = defineAction({
  slug: "push_iocs_for_prevention",
  alias: "push_iocs_block",
  title: "Push IOCs for prevention",
  description:
    "Blocks the MD5 and SHA-256 hashes that STIX indicators name. Those of ours that expired or were revoked are deleted, " +
    "existing ones are changed. An indicator of another source is never weakened nor deleted.",
  arguments: z.strictObject(push_arguments),
  resource: row,
  example: { stix_objects: example_objects },
  scopes: read_write,
  changes: true,
  destructive: false,
  idempotent: true,
  run: (args) => push({ ...args, types: ["md5", "sha256"], action: "prevent" }),
})
