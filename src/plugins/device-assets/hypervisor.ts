/** Finds the hypervisor of a virtual host by the texts of its firmware. */
import { textOf } from "../../core/assets/read-fields.ts"
import type { JsonObject } from "../../core/json-object.ts"

/** Texts of the virtual hardware, as the hypervisors' own documentation and systemd-detect-virt know them. */
const signs: readonly (readonly [RegExp, string])[] = [
  [/vmware/, "VMware"],
  [/virtualbox|innotek/, "VirtualBox"],
  [/parallels/, "Parallels"],
  [/nutanix/, "AHV"],
  [/hvm domu|\bxen\b/, "Xen"],
  [/amazon ec2|google compute engine|openstack|rhev|ovirt|\bkvm\b|qemu/, "KVM"],
  [/bhyve/, "bhyve"],
]

/** The hypervisor that a host runs on; `undefined` for physical hosts and unknown hardware. */
export const hypervisorOf = (host: JsonObject): string | undefined => {
  const [vendor, model, bios] = [host.system_manufacturer, host.system_product_name, host.bios_manufacturer].map(
    (value) => textOf(value)?.toLowerCase() ?? "",
  )
  if (vendor!.startsWith("microsoft") && model === "virtual machine") return "Hyper-V"
  // Amazon's bare metal instances have the same vendor as its virtual ones.
  if (model!.endsWith(".metal")) return undefined
  const text = `${vendor} / ${model} / ${bios}`
  return signs.find(([sign]) => sign.test(text))?.[1]
}
