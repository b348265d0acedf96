/** Inventories in a world: the real plugins against the simulator in process, on a virtual clock. */
import { Effect } from "effect"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { World } from "../support/world.ts"

const connector_uuid = "11111111-2222-4333-8444-555555555555"

/** Only the inventories run; the events have tests of their own. */
export const quiet = { events_per_partition: 0, alerts: 0 } satisfies SimulatorOptions

export interface AssetAccount {
  readonly requests: number
  readonly accepted: number
  readonly distinct: number
  readonly repeated: number
  readonly batch_items_max: number
  readonly refused: Readonly<Record<string, number>>
  readonly tasks: Readonly<Record<"begun" | "finished" | "failed" | "asked", number>>
  readonly hosts: { readonly exist: number; readonly missing: number; readonly missing_ids: readonly string[] }
}

type Counts = { readonly add?: number; readonly change?: number; readonly remove?: number }
export interface Change {
  readonly fleet?: Counts
  readonly console_users?: Counts
  readonly identities?: Counts
}

const json = (world: World, request: Request) =>
  Effect.promise(async () => (await (await world.simulator.fetch(request)).json()) as unknown)

/** What Sekoia's side has taken. */
export const account = (world: World) =>
  Effect.map(json(world, new Request("http://falcon.test/_sim/assets")), (body) => body as AssetAccount)

/** The latest items that Sekoia's side has taken. */
export const items = (world: World) =>
  Effect.map(
    json(world, new Request("http://falcon.test/_sim/assets/items")),
    (body) => body as readonly Record<string, Record<string, unknown>>[],
  )

/** Changes what Falcon has. */
export const change = (world: World, wanted: Change) =>
  json(world, new Request("http://falcon.test/_sim/assets", { method: "POST", body: JSON.stringify(wanted) }))

/** Calls of the API by path, since the world began. */
export const callsTo = (world: World, path: string): number =>
  world.simulator.state.requests.filter((request) => request.path === path).length

/** The plugin's keys; `more` in YAML, one key a line. */
export const yaml = (plugin: "device-assets" | "user-assets", more: readonly string[] = []): string =>
  [
    "plugins:",
    `  only: [${plugin}]`,
    `  ${plugin}:`,
    "    enabled: true",
    "    sekoia_api_key: simulated-sekoia-key",
    "    sekoia_base_url: http://falcon.test",
    `    connector_uuid: ${connector_uuid}`,
    ...more.map((line) => `    ${line}`),
  ].join("\n")

export const context = (world: World): Record<string, unknown> =>
  JSON.parse(world.disk.read("data/context.json") ?? "{}")
