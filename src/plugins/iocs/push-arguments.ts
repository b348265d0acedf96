/** The arguments of both pushes. */
import { z } from "zod"
import { iocs } from "./limits.ts"

export const push_arguments = {
  stix_objects_path: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe(
      "A file of STIX objects, JSON, below `stix_dir` (`stix` in the data folder). Either this or stix_objects.",
    ),
  stix_objects: z
    .array(z.unknown())
    .max(iocs.stix_objects_max)
    .optional()
    .describe("The STIX objects themselves. Either this or stix_objects_path."),
  sekoia_base_url: z
    .url({ protocol: /^https?$/ })
    .max(1_024)
    .default("https://app.sekoia.io")
    .describe("Where the links in the indicators' descriptions lead."),
}

export const example_objects = [
  {
    type: "indicator",
    id: "indicator--6a1f2c1e-7f0b-4d5e-9d53-2f4b8c1f0a11",
    pattern_type: "stix",
    pattern: "[file:hashes.MD5 = 'ab03a48a29967e738583140e6eb84f0b']",
  },
]
