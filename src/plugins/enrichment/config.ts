import { z } from "zod"

/** Never walked, as in the Python module: they lead to everything that ever happened on the host. */
export const edge_types_never_walked: readonly string[] = ["device", "hunting_lead"]

const edge_type = z.string().regex(/^\w{1,64}$/, "must be the name of an edge type")

/** Keys of `plugins.enrichment`. */
export const config = z.strictObject({
  edge_types: z
    .union(
      [z.literal("all"), z.array(edge_type).refine((list) => list.length > 0, 'must name an edge type, or be "all"')],
      {
        error: 'must be "all" or a list of edge types such as [child_process, wrote_module]',
      },
    )
    .default("all")
    .describe(
      'Edge types of ThreatGraph to follow: "all" or a list. `device` and `hunting_lead` are never followed. Each costs one call per process.',
    ),
})

export type EnrichmentConfig = z.infer<typeof config>
