/** Makes the OCSF event of a mapped user, and checks it against the model. */
import { inventoryHead } from "../../core/assets/ocsf.ts"
import type { Mapped } from "../../core/assets/source.ts"
import { class_name, class_uid, userInventory } from "./ocsf.ts"

/** The event of a user with this id; one that does not fit the model is skipped. `created_ms` is the event's time; without it, now. */
export const userEvent = (
  id: string,
  body: Readonly<Record<string, unknown>>,
  created_ms: number | undefined,
  now_ms: number,
): Mapped => {
  const head = inventoryHead(class_uid, class_name, (created_ms ?? now_ms) / 1_000)
  const checked = userInventory.safeParse({ ...head, ...body })
  if (checked.success) return { kind: "asset", id, created_ms, item: checked.data, content: body }
  return { kind: "skipped", id, reason: `${checked.error.issues[0]!.path.join(".")} is invalid` }
}
