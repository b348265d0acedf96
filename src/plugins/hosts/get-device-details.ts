import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/bulk.ts"
import { idsArgument } from "../../core/actions/shared-arguments.ts"
import { per_call } from "../../core/limits.ts"
import { agent_ids, detailsOperation, device, deviceIdOf, example_host, read } from "./device.ts"

export const getDeviceDetails = defineAction({
  slug: "get_device_details",
  alias: "get_device_details",
  title: "Get Device Details",
  description: "Retrieves everything that Falcon knows about hosts, their containment in `status` included.",
  arguments: z.strictObject({ ids: idsArgument(agent_ids) }),
  resource: device,
  example: { ids: [example_host] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  per_call: per_call.host_details,
  run: ({ ids }) => callByIds({ ids, per_call: per_call.host_details, idOf: deviceIdOf, operation: detailsOperation }),
})
