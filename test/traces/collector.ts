/** A collector of OpenTelemetry traces, as small as it can be, and a whole Akonis that sends its spans there. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { Deferred, Effect, Fiber } from "effect"
import { listenAnywhere } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import { runAkonis } from "../../src/cli/run.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { lastLines } from "../../src/core/telemetry/log-tail.ts"
import { plugins } from "../../src/plugins/index.ts"

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  /** Nanoseconds since the epoch. */
  readonly begun: bigint
  readonly ended: bigint
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: { readonly code: number; readonly message?: string }
}

export interface Collector {
  readonly url: string
  readonly spans: Span[]
  /** The bodies as they came. */
  readonly bodies: string[]
  readonly headers: Headers[]
  readonly stop: () => Promise<void>
}

/** Listens; `answer` is what a collector says that has taken everything, unless told otherwise. */
export const startCollector = (answer: () => Response | Promise<Response> = () => Response.json({})): Collector => {
  const collected = { spans: [] as Span[], bodies: [] as string[], headers: [] as Headers[] }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      if (request.method !== "POST" || new URL(request.url).pathname !== "/otel/v1/traces")
        return new Response("no such place", { status: 404 })
      const body = await request.text()
      collected.bodies.push(body)
      collected.headers.push(request.headers)
      collected.spans.push(...spansOf(JSON.parse(body)))
      return answer()
    },
  })
  return { ...collected, url: `http://127.0.0.1:${server.port}/otel`, stop: () => server.stop(true) }
}

// biome-ignore lint/suspicious/noExplicitAny: read as it comes; the tests say what has to stand there.
const spansOf = (body: any): Span[] =>
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  body.resourceSpans[0].scopeSpans[0].spans.map((span: any) => ({
    ...span,
    begun: BigInt(span.startTimeUnixNano),
    ended: BigInt(span.endTimeUnixNano),
    attributes: Object.fromEntries(
      // biome-ignore lint/suspicious/noExplicitAny: as above.
      span.attributes.map(({ key, value }: any) => [
        key,
        value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
      ]),
    ),
  }))

export interface Running {
  readonly simulator: Simulator
  /** Asks the HTTP API with a token of role admin. */
  readonly ask: (
    path: string,
    init?: { readonly body?: unknown; readonly headers?: Record<string, string> },
  ) => Promise<Response>
  readonly delivered: (events: number) => Promise<void>
  readonly auditLines: () => readonly Record<string, unknown>[]
}

export const secrets = { token: "akonis-token-of-this-test", header: "collector-key-of-this-test" }

/** Runs the product against the simulator until `body` is done, then stops it; what is left is posted then. */
export const withAkonis = (
  {
    endpoint,
    simulated = {},
    env = {},
  }: {
    readonly endpoint: string | undefined
    readonly simulated?: SimulatorOptions
    readonly env?: Readonly<Record<string, string>>
  },
  body: (running: Running) => Promise<void>,
): Promise<readonly string[]> =>
  Effect.gen(function* () {
    const { url, simulator } = yield* Effect.acquireRelease(
      Effect.promise(() => listenAnywhere({ partitions: 1, events_per_partition: 300, templates: 8, ...simulated })),
      ({ stop }) => Effect.promise(stop),
    )
    const data_dir = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(`${tmpdir()}/akonis-traces-`)),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
    )
    const { client_id, client_secret, intake_key } = simulator.settings
    const config = yield* loadConfig({
      env: {
        FALCON_BASE_URL: url,
        FALCON_CLIENT_ID: client_id,
        FALCON_CLIENT_SECRET: client_secret,
        SEKOIA_INTAKE_URL: url,
        SEKOIA_INTAKE_KEY: intake_key,
        AKONIS_DATA_DIR: data_dir,
        AKONIS_PORT: "0",
        AKONIS_LOG_LEVEL: "debug",
        AKONIS_TOKEN: secrets.token,
        ...(endpoint !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
        ...env,
      },
      plugins,
    })
    const before = lastLines().length
    const listening = yield* Deferred.make<string>()
    const akonis = yield* Effect.forkChild(
      runAkonis("run", config, { onListening: (at) => void Deferred.doneUnsafe(listening, Effect.succeed(at)) }),
    )
    const at = yield* Effect.raceFirst(Deferred.await(listening), Effect.as(Fiber.join(akonis), ""))
    yield* Effect.promise(() =>
      body({
        simulator,
        ask: async (path, { body: sent, headers = {} } = {}) =>
          fetch(`${at}${path}`, {
            method: sent === undefined ? "GET" : "POST",
            headers: { authorization: `Bearer ${secrets.token}`, "content-type": "application/json", ...headers },
            ...(sent !== undefined && { body: JSON.stringify(sent) }),
          }),
        delivered: async (events) => {
          while (simulator.account().total.delivered < events) await Bun.sleep(10)
        },
        auditLines: () =>
          readFileSync(`${data_dir}/audit.ndjson`, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line)),
      }),
    )
    yield* Fiber.interrupt(akonis)
    return lastLines().slice(before)
  }).pipe(Effect.scoped, Effect.provide(layerFiles), Effect.runPromise)
