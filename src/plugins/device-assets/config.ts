import { z } from "zod"
import { assetKeys } from "../../core/assets/config.ts"

/** Keys of `plugins.device-assets`. */
export const config = z.strictObject(assetKeys("SEKOIA_DEVICE_CONNECTOR_UUID"))

export type DeviceAssetsConfig = z.infer<typeof config>
