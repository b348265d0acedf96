/** Traces, where the configuration names a collector. */
import { Effect, type FileSystem, Layer, Tracer } from "effect"
import type { General } from "../../config/schema.ts"
import type { Http } from "../../http/client/http.ts"
import { startExporter } from "./exporter.ts"
import { Tracing } from "./spanned.ts"
import { makeTracer } from "./tracer.ts"

/**
 * Everything below it makes spans that are posted to the collector over the network that is given. Without a collector it is nothing:
 * no span is made.
 */
export const layerTracing = <E, R>(
  { endpoint, headers, service_name, sampler, sampler_arg }: General["traces"],
  version: string,
  network: Layer.Layer<Http, E, R>,
): Layer.Layer<never, E, R | FileSystem.FileSystem> => {
  if (endpoint === undefined) return Layer.empty
  return Layer.unwrap(
    Effect.gen(function* () {
      const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`
      const keep = yield* startExporter({ url, headers, service_name, version })
      const tracer = makeTracer({ sampler, ratio: sampler_arg }, keep)
      return Layer.mergeAll(Layer.succeed(Tracer.Tracer, tracer), Layer.succeed(Tracing, true))
    }),
  ).pipe(Layer.provide(network))
}
