import { z } from "zod"
import { assetKeys } from "../../core/assets/config.ts"

/** Keys of `plugins.user-assets`. */
export const config = z.strictObject({
  source: z
    .enum(["user-management", "identity-protection"])
    .default("user-management")
    .describe(
      "Whose users: those of the Falcon console (scope User management: Read), or those of the directories that Falcon Identity Protection watches (the other two scopes).",
    ),
  ...assetKeys("SEKOIA_USER_CONNECTOR_UUID"),
})

export type UserAssetsConfig = z.infer<typeof config>
