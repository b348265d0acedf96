import { lookupAction } from "../../core/actions/lookup-action.ts"
import { agent_ids, device, device_details, example_host } from "./device.ts"

export const getDeviceDetails = lookupAction({
  slug: "get_device_details",
  title: "Get Device Details",
  description: "Retrieves everything that Falcon knows about hosts, their containment in `status` included.",
  ids: agent_ids,
  example_ids: [example_host],
  resource: device,
  call: device_details,
})
