/** Promises about the inventory of hosts, broken on purpose. */
import type { Mutant } from "./mutants.ts"

const assets = "src/core/assets"

export const asset_mutants: readonly Mutant[] = [
  {
    name: "the checkpoint moves before its hosts are sent",
    file: `${assets}/collect.ts`,
    find: "    const newest = yield* sender.send(page.entities)\n    if (dry_run) return\n",
    replace: `    yield* progress.save({ ...progress.value(), position: page.position })
    const newest = yield* sender.send(page.entities)
    if (dry_run) return
`,
  },
  {
    name: "hosts are remembered before they are accepted",
    file: `${assets}/sender.ts`,
    find: "else yield* deliver(api, parcels, { onAccepted, onRefused })",
    replace: "else yield* Effect.andThen(accept(parcels), deliver(api, parcels, { onAccepted, onRefused }))",
  },
  {
    name: "accepted hosts are not remembered",
    file: `${assets}/sender.ts`,
    find: "    yield* file.add(parcels)\n",
    replace: "",
  },
]
