/** `akonis assets`: one cycle of an inventory by hand. OCSF on standard output, progress on standard error. */

import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { CollectError } from "../core/assets/collect.ts"
import type { Tally } from "../core/assets/cycle-tally.ts"
import { uses } from "../core/config/plugins.ts"
import { ConfigError, StoreError } from "../core/errors.ts"
import type { AnyPlugin } from "../core/plugin.ts"
import { lockData } from "../core/tenant/boot.ts"
import {
  complain,
  configFlag,
  configOf,
  type Exit,
  endCommand,
  explain,
  openOne,
  print,
  quietLog,
  tenantFlag,
} from "./common.ts"
import { makeProgressLine } from "./progress.ts"

const flags = {
  limit: Flag.Int("limit").pipe(Flag.withDescription("Stop after so many were sent"), Flag.optional),
  dry_run: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Show what would be sent; send and store nothing"),
    Flag.withDefault(false),
  ),
  tenant: tenantFlag,
  config: configFlag,
}

/** The command over the inventories of these plugins. */
export const makeAssets = (plugins: readonly AnyPlugin[]) => {
  const owners = new Map(plugins.flatMap(({ id, inventory }) => (inventory ? [[inventory.name, id] as const] : [])))
  const what = Argument.Literals("what", [...owners.keys()]).pipe(
    Argument.withDescription(`Which inventory: ${[...owners.keys()].join(" or ")}`),
  )
  return Command.make("assets", { what, ...flags }, (given) => runCycle(owners.get(given.what)!, given)).pipe(
    Command.withDescription("Run one cycle of an inventory by hand"),
  )
}

interface Given {
  readonly limit: Option.Option<number>
  readonly dry_run: boolean
  readonly tenant: Option.Option<string>
  readonly config: Option.Option<string>
}

const runCycle = (plugin_id: string, given: Given) =>
  explain(
    Effect.gen(function* () {
      const limit = Option.getOrUndefined(given.limit)
      if (limit !== undefined && limit < 1) return yield* wrong("assets", "--limit", "must be at least 1")
      const config = yield* configOf(given.config, uses.only(plugin_id))
      if (config.cluster !== undefined && !given.dry_run) {
        const message =
          "the processes of the cluster run the inventories, one each: nothing is sent by hand beside them, so use --dry-run"
        return yield* new ConfigError({ source: config.source, key: "cluster", message })
      }
      if (!given.dry_run) yield* lockData(config)
      const tenant = yield* openOne(config, given.tenant)
      const enabled = tenant.plugins.find(({ plugin }) => plugin.id === plugin_id)
      if (enabled === undefined) {
        return yield* wrong(config.source, `plugins.${plugin_id}`, "the plugin is off; set its `enabled: true`")
      }
      yield* Effect.gen(function* () {
        const { source, collector } = yield* enabled.plugin.inventory!.open(enabled.config, { dry_run: given.dry_run })
        const line = makeProgressLine(source.noun)
        const tally = yield* collector
          .cycle({ limit, onSent: (item) => print(JSON.stringify(item)), onProgress: (tally) => line.show(tally) })
          .pipe(Effect.ensuring(line.end))
        yield* complain(summary(tally, source.noun, given.dry_run))
      }).pipe(Effect.provide(tenant.services), Effect.catch(failed))
    }).pipe(Effect.scoped, Effect.provide(quietLog("warn"))),
  )

const wrong = (source: string, key: string, message: string) => new ConfigError({ source, key, message })

/** What was accepted before is kept, so the same command goes on from there. */
const failed = (error: CollectError): Effect.Effect<never, ConfigError | StoreError | Exit> =>
  error instanceof ConfigError || error instanceof StoreError
    ? Effect.fail(error)
    : endCommand(1, `${error.message}; what was accepted is recorded, run it again to go on`)

const summary = (tally: Tally, noun: string, dry_run: boolean): string => {
  const parts = [
    `${tally.read} ${noun} read`,
    `${tally.sent} ${dry_run ? "would be sent" : "sent"}`,
    `${tally.unchanged} unchanged`,
    ...(tally.skipped > 0 ? [`${tally.skipped} skipped`] : []),
    ...(tally.refused > 0 ? [`${tally.refused} refused by Sekoia`] : []),
    ...(tally.removed > 0 ? [`${tally.removed} gone`] : []),
  ]
  return parts.join(", ")
}
