import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { read_write, row } from "./indicator.ts"
import { ioc_types } from "./ioc-value.ts"
import { upsertIndicator } from "./upsert-indicator.ts"

export const monitorIoc = defineAction({
  slug: "monitor_ioc",
  title: "Monitor IOC",
  description:
    "Raises an alert, severity high, when a hash, an address or a domain is seen, without blocking it. When Falcon has an " +
    "indicator of this type and value, that one is changed, also from blocking, and the answer says what it was.",
  arguments: z.strictObject({
    value: z.string().trim().min(1).max(256).describe("The hash, the address or the domain name; no CIDR range."),
    type: z
      .preprocess((type) => (typeof type === "string" ? type.trim().toLowerCase() : type), z.enum(ioc_types))
      .describe("What the value is."),
  }),
  resource: row,
  example: { value: "login.example.com", type: "domain" },
  scopes: read_write,
  changes: true,
  destructive: false,
  idempotent: true,
  run: (args) => upsertIndicator({ ...args, action: "detect" }),
})
