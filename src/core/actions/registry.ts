/** Finds actions by name: those of the enabled plugins, by slug and by the Python module's docker parameter. */
import type { EnabledPlugin } from "../plugin.ts"
import type { AnyAction } from "./action.ts"

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
