/** What `akonis check` asks Sekoia's asset API: whether it takes the key, and whether it knows the connector. */
import { Effect, Result } from "effect"
import { secretText } from "../config/secret.ts"
import type { ConfigError } from "../errors.ts"
import { type AssetApiOptions, askAssetApi } from "../sekoia/asset-api.ts"
import type { SekoiaError, SekoiaReason } from "../sekoia/sekoia-error.ts"
import { type Check, type Finding, failed, ok, unknown, warning } from "./check.ts"

type Answer = Result.Result<void, SekoiaError | ConfigError>

/**
 * Posts no asset at all. Whether the answer means anything shows only beside those to a made-up key and to a made-up connector: who takes
 * these as well has looked at neither.
 */
export const assetApiCheck = (options: AssetApiOptions): Check => ({
  name: "asset API",
  asks: "others",
  tried: `an empty list of assets to ${options.base_url}, with the key and with a made-up one`,
  find: Effect.gen(function* () {
    const ours = yield* Effect.result(askAssetApi(options))
    const refused = Result.isFailure(ours) ? refusalOf(ours.failure) : undefined
    if (refused !== undefined) return refused
    const made_up = { ...options, key: secretText(`akonis-check-${crypto.randomUUID()}`) }
    const stranger = yield* Effect.result(askAssetApi(made_up))
    if (reasonOf(stranger) !== "unauthorized") return unverified(stranger)
    const nowhere = yield* Effect.result(askAssetApi({ ...options, connector_uuid: crypto.randomUUID() }))
    const known = reasonOf(nowhere) !== reasonOf(ours)
    if (known)
      return ok(`${options.base_url} takes the key and knows the connector; a made-up key and connector are refused`)
    return warning(
      `${options.base_url} takes the key; whether it knows the connector is not known, since a made-up one is answered alike`,
      "compare connector_uuid with the asset connector's page in Sekoia",
    )
  }),
})

const reasonOf = (answer: Answer): SekoiaReason | "taken" | "no_key" =>
  Result.isSuccess(answer) ? "taken" : answer.failure._tag === "ConfigError" ? "no_key" : answer.failure.reason

/** An answer to our own key that ends the matter; a complaint about the empty list does not. */
const refusalOf = (error: SekoiaError | ConfigError): Finding | undefined => {
  if (error._tag === "ConfigError") return failed(`${error.source}: ${error.message}`, "correct sekoia_api_key_file")
  const { reason, message } = error
  if (reason === "refused") return undefined
  if (reason === "unauthorized")
    return failed(message, "set sekoia_api_key to a key of this community that may write assets")
  if (reason === "misconfigured")
    return failed(message, "check sekoia_base_url, and connector_uuid on the asset connector's page in Sekoia")
  if (reason === "rate_limited" || reason === "not_ready") return unknown(message, "run the check again later")
  return failed(message, "check sekoia_base_url, proxy and firewall: this is not the asset API, or it fails")
}

const unverified = (stranger: Answer): Finding =>
  warning(
    Result.isSuccess(stranger)
      ? "reached, but a made-up key is taken as well: whether it takes this one is not known"
      : "reached, but a made-up key is answered alike: whether it takes this one is not known",
    "compare sekoia_api_key with Sekoia's page of API keys; health tells after the first assets",
  )
