/**
 * The attributes that both inventory classes of OCSF 1.6 have, as far as Sekoia's asset API reads them (sekoia-automation-sdk,
 * asset_connector/models/ocsf). One departure from OCSF is Sekoia's: times are epoch seconds, not milliseconds.
 */
import { z } from "zod"

/** Epoch seconds with a fraction. */
export const time_s = z.number().positive()

const constants = {
  /** The activity: the inventory was collected. */
  activity_id: 2,
  activity_name: "Collect",
  category_uid: 5,
  category_name: "Discovery",
  severity_id: 1,
  severity: "Informational",
} as const

const metadata = z.strictObject({
  product: z.strictObject({ name: z.literal("Crowdstrike Falcon"), version: z.literal("N/A") }),
  /** The version of OCSF. */
  version: z.literal("1.6.0"),
})

/** The attributes of an inventory event besides its subject and its enrichments. */
export const inventoryClass = <const Uid extends number, const Name extends string>(uid: Uid, name: Name) => ({
  activity_id: z.literal(constants.activity_id),
  activity_name: z.literal(constants.activity_name),
  category_uid: z.literal(constants.category_uid),
  category_name: z.literal(constants.category_name),
  class_uid: z.literal(uid),
  class_name: z.literal(name),
  type_uid: z.literal(typeUid(uid)),
  type_name: z.literal(typeName(name)),
  severity_id: z.literal(constants.severity_id),
  severity: z.literal(constants.severity),
  /** Of the asset's last change; of the collection when Falcon names none. */
  time: time_s,
  metadata,
})

/** The values of the attributes that `inventoryClass` declares. */
export const inventoryHead = <const Uid extends number, const Name extends string>(
  uid: Uid,
  name: Name,
  time: number,
) => ({
  ...constants,
  class_uid: uid,
  class_name: name,
  type_uid: typeUid(uid),
  type_name: typeName(name),
  time,
  metadata: { product: { name: "Crowdstrike Falcon", version: "N/A" }, version: "1.6.0" } as const,
})

/** OCSF: class_uid * 100 + activity_id. */
const typeUid = (class_uid: number): number => class_uid * 100 + constants.activity_id
const typeName = <const Name extends string>(name: Name): `${Name}: Collect` => `${name}: Collect`

/** A group that a device or a user is in. */
export const group = z.strictObject({ name: z.string(), uid: z.string(), desc: z.string().optional() })

/** The organization that owns it. Sekoia's model requires the name. */
export const organization = z.strictObject({ name: z.string(), uid: z.string() })
