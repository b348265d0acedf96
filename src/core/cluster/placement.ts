/**
 * Places units on the processes of a cluster by Effect's cluster engine: each unit is a singleton, and runs where its shard is. What the
 * engine cannot promise, that a process which was frozen does nothing any more, is promised by the fence: see `fence.ts`.
 */
import { layerClientProtocol, layerSocketServer } from "@effect/platform-node/NodeClusterSocket"
import { Cause, Deferred, Effect, Exit, Layer, Option, References, Scope } from "effect"
import {
  MessageStorage,
  RunnerAddress,
  RunnerHealth,
  RunnerStorage,
  Runners,
  Sharding,
  ShardingConfig,
  SocketRunner,
  SqlRunnerStorage,
} from "effect/cluster"
import { RpcSerialization } from "effect/rpc"
import { SqlClient } from "effect/sql"
import type { ClusterConfig } from "../config/cluster.ts"
import { ConfigError } from "../errors.ts"
import { Fenced } from "../store/fence.ts"
import type { Placement } from "./cluster.ts"
import type { Database } from "./database.ts"
import { engine as limits } from "./limits.ts"
import { table_prefix } from "./migrations.ts"
import { claimUnit } from "./units.ts"

/** How other processes name this one: `host:port`. */
export const runnerName = ({ runner_host, runner_port }: ClusterConfig): string => `${runner_host}:${runner_port}`

/** What a process that takes units has of the cluster. */
export type Seat = Pick<Placement, "run" | "leave">

/** Joins the cluster; leaves it with the scope, or earlier. */
export const joinCluster = Effect.fnUntraced(function* (
  database: Database,
  config: ClusterConfig,
  source: string,
): Effect.fn.Return<Seat, ConfigError, Scope.Scope> {
  const scope = yield* Effect.flatMap(Effect.scope, (outer) => Scope.fork(outer))
  const services = yield* Layer.buildWithScope(layerEngine(database, config), scope).pipe(
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.catchCause((cause) => {
      const message = `cannot listen for other processes of the cluster: ${Cause.pretty(cause).split("\n", 1)[0]}`
      return Effect.fail(new ConfigError({ source, key: "cluster.runner_port", message }))
    }),
  )
  const sharding = yield* Effect.provide(Sharding.Sharding, services)
  const runner = runnerName(config)
  const run: Placement["run"] = <E>(unit: string, work: (over: Effect.Effect<void>) => Effect.Effect<void, E>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const failed = yield* Deferred.make<never, E>()
        const here = turns(database, unit, runner, work).pipe(
          Effect.onExit((exit) =>
            Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
              ? Deferred.failCause(failed, exit.cause)
              : Effect.void,
          ),
          Effect.ignoreCause,
        )
        yield* sharding.registerSingleton(unit, here)
        return yield* Deferred.await(failed)
      }),
    )
  return { run, leave: Scope.close(scope, Exit.void) }
})

/** Does the work, again and again while the unit is placed here: an epoch that is over ends it, and the next begins with what is stored then. */
export const turns = <E>(
  database: Database,
  unit: string,
  runner: string,
  work: (over: Effect.Effect<void>) => Effect.Effect<void, E>,
): Effect.Effect<never, E> =>
  Effect.gen(function* () {
    for (;;) {
      const claimed = yield* Effect.result(claimUnit(database, unit, runner))
      if (claimed._tag === "Failure") {
        yield* Effect.logWarning(`${claimed.failure.message}; ${unit} waits for it`)
        yield* Effect.sleep(limits.claim_again_ms)
        continue
      }
      const fence = claimed.success
      yield* Effect.logInfo(`${unit} runs here, under epoch ${fence.epoch}`)
      const over = Deferred.await(fence.lost)
      yield* work(over).pipe(Effect.provideService(Fenced, fence), Effect.raceFirst(over))
      yield* Effect.logWarning(`another process has taken ${unit} over`)
      // The engine is about to learn that, too, and to end this. Where it does not, both would go on taking it from each other.
      yield* Effect.sleep(limits.lock_ms_max)
    }
  })

/**
 * The engine's own storage of processes and locks, but a process that ends leaves after it has given its places back, and all at once. The
 * engine would leave first and then give back one by one: the others try while they are still held, and try again a second later.
 */
const layerRunners = Layer.effect(
  RunnerStorage.RunnerStorage,
  Effect.map(RunnerStorage.RunnerStorage, (storage) => {
    let is_leaving = false
    const leave = (address: RunnerAddress.RunnerAddress) =>
      Effect.suspend(() => (is_leaving ? Effect.ignore(storage.unregister(address)) : Effect.void))
    return RunnerStorage.RunnerStorage.of({
      ...storage,
      unregister: () =>
        Effect.sync(() => {
          is_leaving = true
        }),
      release: (address, shard) => Effect.suspend(() => (is_leaving ? Effect.void : storage.release(address, shard))),
      releaseAll: (address) => Effect.ensuring(storage.releaseAll(address), leave(address)),
    })
  }),
).pipe(Layer.provide(SqlRunnerStorage.layerStorage({ prefix: table_prefix })))

const layerEngine = ({ sql }: Database, config: ClusterConfig) => {
  const { runner_host, runner_port, runner_listen_host = runner_host } = config
  const settings = ShardingConfig.layer({
    runnerAddress: Option.some(RunnerAddress.make(runner_host, runner_port)),
    runnerListenAddress: Option.some(RunnerAddress.make(runner_listen_host, runner_port)),
    shardsPerGroup: limits.shards,
    refreshAssignmentsInterval: limits.look_ms,
    shardLockRefreshInterval: limits.lock_refresh_ms,
    shardLockExpiration: limits.lock_ms_max,
    runnerHealthCheckInterval: limits.health_check_ms,
    entityMessagePollInterval: limits.look_ms,
  })
  const health = RunnerHealth.layerPing.pipe(Layer.provide(Runners.layerRpc), Layer.provide(layerClientProtocol))
  return SocketRunner.layer.pipe(
    Layer.provide([layerSocketServer, layerClientProtocol]),
    Layer.provide(health),
    Layer.provide(MessageStorage.layerNoop),
    Layer.provide(layerRunners),
    Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)),
    Layer.provide(settings),
    Layer.provide(RpcSerialization.layerSchemaBinary({})),
  )
}
