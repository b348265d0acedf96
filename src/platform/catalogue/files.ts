/** Every file of the module folder, by name. */
import type { AnyAction } from "../../core/actions/action.ts"
import type { AnyPlugin } from "../../core/plugin.ts"
import { inventories, isSpecified } from "../identity.ts"
import { actionFile, onPremiseFile } from "./action-file.ts"
import { changelog } from "./changelog.ts"
import { inventoryFile, streamConnectorFile, streamTriggerFile } from "./connector-files.ts"
import { logo } from "./logo.ts"
import { manifest } from "./manifest.ts"
import { pythonJson } from "./python-json.ts"

export interface CatalogueOptions {
  readonly version: string
  /**
   * Everything that the module can do. Without it: exactly what the specification lists, actions and arguments alike. Running
   * (`akonis module`) takes everything either way.
   */
  readonly all: boolean
}

/** The texts of the files. */
export const catalogueFiles = (
  plugins: readonly AnyPlugin[],
  { version, all }: CatalogueOptions,
): Readonly<Record<string, string>> => {
  const listed = plugins.flatMap(({ actions }): readonly AnyAction[] => actions)
  const actions = listed.filter(({ alias }) => all || isSpecified(alias))
  const json = {
    "manifest.json": manifest(version),
    "connector_event_stream.json": streamConnectorFile(),
    "trigger_event_stream.json": streamTriggerFile(),
    ...Object.fromEntries(
      inventories.map((one) => [
        `connector_crowdstrike_${one.noun.slice(0, -1)}_assets.json`,
        inventoryFile(one, { on_premise: all }),
      ]),
    ),
    ...Object.fromEntries(actions.map((action) => [`action_${action.alias}.json`, actionFile(action, all)])),
    ...(all &&
      Object.fromEntries(inventories.map((one) => [`action_${one.on_premise.slug}.json`, onPremiseFile(one)]))),
  }
  return {
    "CHANGELOG.md": changelog,
    "logo.svg": logo,
    ...Object.fromEntries(Object.entries(json).map(([name, value]) => [name, pythonJson(value)])),
  }
}
