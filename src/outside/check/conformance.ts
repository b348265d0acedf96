/**
 * What every plugin has to keep, tried on one: each row is something that was really done, in a whole Akonis in front of a
 * simulated tenant. Works for plugins from outside and for those that ship.
 */
import { Effect } from "effect"
import type { AnyPlugin } from "../../core/plugin.ts"
import { actionRows } from "./actions.ts"
import { enricherRows } from "./enricher.ts"
import { type Row, type Tried, tryIt } from "./tried.ts"
import { workRows } from "./work.ts"

/** Tries everything. `config`: the keys below `plugins.<id>`. */
export const conformance = async (
  plugin: AnyPlugin,
  config: Readonly<Record<string, unknown>>,
): Promise<readonly Row[]> => {
  const subject: Tried = { plugin, config }
  const first = await tryIt("configuration", subject, {}, () => Effect.succeed("accepted"))
  const second = await refusesUnknownKeys(subject)
  if (first.status === "failed") return [first]
  const rows: Row[] = [first, second]
  for (const action of plugin.actions) rows.push(...(await actionRows(subject, action)))
  if (plugin.enricher !== undefined) rows.push(...(await enricherRows(subject)))
  rows.push(...(await workRows(subject)))
  return rows
}

const refusesUnknownKeys = async ({ plugin, config }: Tried): Promise<Row> => {
  const name = "unknown keys"
  const with_nonsense = { plugin, config: { ...config, no_such_key: 1 } }
  const row = await tryIt(name, with_nonsense, {}, () => Effect.succeed(""))
  return row.status === "failed" && row.detail.includes("no_such_key")
    ? { name, status: "ok", detail: "refused" }
    : { name, status: "failed", detail: "a key that the plugin does not know is not refused" }
}
