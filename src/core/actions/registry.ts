/** Finds actions by name: those of the enabled plugins, by slug and by the Python module's docker parameter. */

import { nearest } from "../config/nearest.ts"
import type { EnabledPlugin } from "../plugin.ts"
import { cleanText } from "../text.ts"
import type { AnyAction } from "./action.ts"
import { actions as bounds } from "./limits.ts"

export interface Registry {
  /** In the order of the plugins. */
  readonly actions: readonly AnyAction[]
  /** By slug or alias; `undefined` when no enabled plugin has it. */
  readonly find: (name: string) => AnyAction | undefined
  /** The id of the plugin that an action belongs to. */
  readonly pluginOf: (action: AnyAction) => string
}

/** Makes the registry of a list of plugins. A slug wins over an alias of the same name. */
export const makeRegistry = (plugins: readonly Pick<EnabledPlugin, "plugin">[]): Registry => {
  const actions = plugins.flatMap(({ plugin }): readonly AnyAction[] => plugin.actions)
  const owners = new Map(plugins.flatMap(({ plugin }) => plugin.actions.map((action) => [action, plugin.id])))
  const names = new Map<string, AnyAction>()
  for (const action of actions) names.set(action.alias, action)
  for (const action of actions) names.set(action.slug, action)
  return { actions, find: (name) => names.get(name), pluginOf: (action) => owners.get(action) ?? "" }
}

/** Says of a name that is no action's which one is the nearest. */
export const noSuchAction = ({ actions }: Pick<Registry, "actions">, name: string): string => {
  const shown = cleanText(name, bounds.field_chars_max)
  const names = actions.flatMap(({ slug, alias }) => [slug, alias])
  const hint = names.length === 0 ? "" : `; the nearest name is ${nearest(shown, names)}`
  return `there is no action ${shown}${hint}`
}
