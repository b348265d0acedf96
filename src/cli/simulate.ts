/** `akonis simulate`: the simulator alone, for trying clients against it. */
import { readFileSync } from "node:fs"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { ListenOptions } from "../../simulator/listen.ts"
import { ConfigError } from "../core/errors.ts"
import { explain, print } from "./common.ts"

const port_default = 8_090

const port_flag = Flag.Int("port").pipe(
  Flag.withDescription("Port to listen on, in place of the scenario's or of 8090; 0 takes any free one"),
  Flag.optional,
)
const scenario = Flag.String("scenario").pipe(
  Flag.withDescription("YAML file with options and faults; see simulator/README.md"),
  Flag.withMetavar("FILE"),
  Flag.optional,
)

/** Loaded when it is wanted: it is no part of what runs in production. */
const loadSimulator = Effect.promise(async () => ({
  ...(await import("../../simulator/listen.ts")),
  ...(await import("../../simulator/scenario.ts")),
}))

export const simulate = Command.make("simulate", { port: port_flag, scenario }, (flags) =>
  explain(
    Effect.gen(function* () {
      const { listenAnywhere, parseScenario } = yield* loadSimulator
      const options = yield* readScenario(parseScenario, Option.getOrUndefined(flags.scenario))
      const port = Option.getOrUndefined(flags.port) ?? options.port ?? port_default
      const running = yield* Effect.acquireRelease(
        Effect.tryPromise({
          try: () => listenAnywhere({ ...options, port }),
          catch: () =>
            new ConfigError({
              source: "simulate",
              key: "--port",
              message: `port ${port} cannot be opened; choose another one, or 0`,
            }),
        }),
        ({ stop }) => Effect.promise(stop),
      )
      const { url, simulator } = running
      const { client_id, client_secret, intake_key, partitions, events_per_partition } = simulator.settings
      yield* print(
        `Falcon and Sekoia are simulated on ${url}: ${partitions} partitions of ${events_per_partition} events`,
      )
      yield* print("")
      yield* print(`  FALCON_BASE_URL=${url} FALCON_CLIENT_ID=${client_id} FALCON_CLIENT_SECRET=${client_secret} \\`)
      yield* print(`  SEKOIA_INTAKE_URL=${url} SEKOIA_INTAKE_KEY=${intake_key} akonis run`)
      yield* print("")
      yield* print(`  what was sent and what arrived:  curl ${url}/_sim/account`)
      return yield* Effect.never
    }).pipe(Effect.scoped),
  ),
).pipe(Command.withDescription("Simulate a Falcon tenant and a Sekoia intake on this machine"))

const readScenario = (parseScenario: (text: string) => ListenOptions, file: string | undefined) =>
  Effect.try({
    try: (): ListenOptions => {
      if (file === undefined) return { partitions: 2, events_per_second: 5 }
      return parseScenario(readFileSync(file, "utf8"))
    },
    catch: (error) => new ConfigError({ source: file ?? "simulate", key: "", message: (error as Error).message }),
  })
