/** Promises about inventories, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/delivery.md"
const after_all =
  "A checkpoint of an inventory moves only after every asset up to it was accepted or refused on record."

const collect = breaks({ file: "src/core/assets/collect.ts", page }, [
  {
    name: "the checkpoint moves before its hosts are sent",
    promise: after_all,
    find: "    const newest = yield* sender.send(page.entities)\n    if (dry_run) return\n",
    replace: `    yield* progress.save({ ...progress.value(), position: page.position })
    const newest = yield* sender.send(page.entities)
    if (dry_run) return
`,
  },
])

const sender = breaks({ file: "src/core/assets/sender.ts", page }, [
  {
    name: "hosts are remembered before they are accepted",
    promise: "A host whose last change was not accepted is sent again.",
    find: "else yield* postBisecting(api, parcels, { onAccepted, onRefused })",
    replace: "else yield* Effect.andThen(accept(parcels), postBisecting(api, parcels, { onAccepted, onRefused }))",
  },
  {
    name: "accepted hosts are not remembered",
    promise: "What looks the same as before is not sent again.",
    page: "docs/operations.md",
    find: "    yield* file.add(parcels)\n",
    replace: "",
  },
])

export const assets: readonly Mutant[] = [...collect, ...sender]
