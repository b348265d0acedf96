/** Rows of `akonis check` that both inventories have. */
import { Effect } from "effect"
import { Falcon } from "../falcon/client.ts"
import type { Operation } from "../falcon/operation.ts"
import type { CheckRow } from "../plugin.ts"
import { type AssetApiOptions, makeAssetApi } from "../sekoia/asset-api.ts"

const row = (name: string, status: CheckRow["status"], detail: string): CheckRow => ({ name, status, detail })

/** Asks for one resource, to see whether the API client has the scope. */
export const checkRead = (name: string, operation: Operation, on_failure: CheckRow["status"] = "failed") =>
  Effect.gen(function* () {
    const { pagination } = yield* (yield* Falcon).request(operation)
    const total = pagination?.total
    return row(name, "ok", typeof total === "number" ? `${total} can be read` : "can be read")
  }).pipe(Effect.catchTag("FalconError", ({ message }) => Effect.succeed(row(name, on_failure, message))))

/** Posts no asset at all: the API checks key and connector before it looks at the items. */
export const checkAssetApi = (options: AssetApiOptions) =>
  Effect.gen(function* () {
    yield* (yield* makeAssetApi(options)).post([])
    return row("asset API", "ok", `${options.base_url} takes the key`)
  }).pipe(
    Effect.catchTags({
      ConfigError: ({ source, message }) => Effect.succeed(row("asset API", "failed", `${source}: ${message}`)),
      SekoiaError: ({ reason, message }) =>
        Effect.succeed(
          reason === "refused"
            ? row("asset API", "ok", "reached; it refuses an empty list, as it may")
            : row("asset API", "failed", message),
        ),
    }),
  )
