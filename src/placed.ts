/** The background work of a plugin in a cluster: done where the cluster places it, and nowhere else. */
import { Context, Effect } from "effect"
import type { Placement } from "./core/cluster/cluster.ts"
import { DrainLimit } from "./core/delivery/drain-limit.ts"
import { ConfigError } from "./core/errors.ts"
import type { EnabledPlugin } from "./core/plugin.ts"
import { Board } from "./core/telemetry/board.ts"
import { Health } from "./core/telemetry/health.ts"
import { runPlugin } from "./worker.ts"

/**
 * Offers the work of one plugin of a tenant to the cluster. The unit is the plugin's work for the whole
 * tenant, all its partitions included: see decision 0017. Health tells where it runs.
 */
export const runPlaced =
  (placement: Placement): typeof runPlugin =>
  (tenant, enabled) => {
    const { id } = enabled.plugin
    if (enabled.plugin.run === undefined) return runPlugin(tenant, enabled)
    const unit = `${tenant.id}/${id}`
    return Effect.gen(function* () {
      yield* refuseOwnFile(enabled)
      const health = yield* Health
      const board = yield* Board
      const perSecond = () =>
        board
          .partitions()
          .filter((partition) => partition.plugin === id)
          .reduce((sum, { activity }) => sum + activity.rate.perSecond(board.now_ms()), 0)
      yield* placement.show(unit, yield* health.cell(id, "cluster"), perSecond)
      yield* health.started(id)
      const drain = yield* DrainLimit
      return yield* placement.run(unit, (over) => {
        // Who lost the unit delivers nothing more of what it has read: the other process delivers it.
        const services = Context.add(tenant.services, DrainLimit, { over: Effect.raceFirst(drain.over, over) })
        return runPlugin({ ...tenant, services }, enabled)
      })
    }).pipe(Effect.scoped, Effect.provide(tenant.services))
  }

/** A file of one machine would get what happens to be read there. */
const refuseOwnFile = Effect.fnUntraced(function* ({ plugin, config }: EnabledPlugin) {
  const destination = plugin.destination && (yield* plugin.destination(config))
  if (destination?.is_exclusive !== true || !destination.name.startsWith("file ")) return
  const message = `the processes of a cluster cannot write one file (${destination.name}): deliver to an intake, or to standard output`
  return yield* new ConfigError({ source: "cluster", key: `plugins.${plugin.id}.destination`, message })
})
