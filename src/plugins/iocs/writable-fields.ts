/** The fields of an indicator that a caller may set (gofalcon `APIIndicatorCreateReqV1`, `APIIndicatorUpdateReqV1`). */
import { z } from "zod"
import { actions, severities } from "./indicator.ts"

export const writable_fields = {
  action: z.enum(actions).optional().describe("What the sensor does."),
  severity: z.enum(severities).optional().describe("Of the alerts it raises; none with allow and no_action."),
  platforms: z.array(z.enum(["windows", "mac", "linux", "ios", "android"])).optional(),
  mobile_action: z
    .enum(["no_action", "allow", "detect", "prevent"])
    .optional()
    .describe("What a mobile device does (PSFalcon); platforms must hold ios or android."),
  applied_globally: z.boolean().optional().describe("All hosts; else name host_groups."),
  host_groups: z.array(z.string()).optional().describe("Ids of the host groups to which it is limited."),
  description: z.string().optional(),
  source: z.string().max(256).optional().describe("Where it comes from; falconpy gives 256 characters."),
  tags: z.array(z.string()).optional(),
  expiration: z.string().optional().describe("RFC 3339: when it ends."),
  metadata: z.strictObject({ filename: z.string().optional() }).optional().describe("gofalcon `APIMetadataReqV1`."),
}
