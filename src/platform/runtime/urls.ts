/** Where a run tells the platform how it fares, and with which token. */
import { Effect } from "effect"
import { ConfigError } from "../../core/errors.ts"
import { makePlatform } from "./platform.ts"
import type { Settings } from "./settings.ts"

/** The platform that started this run. `url_secrets` and `url_logs` follow from the callback where they are not given (SDK, module.py). */
export const platformOf = Effect.fnUntraced(function* (settings: Settings) {
  const token = yield* settings.secret("token")
  const callback = yield* urlOf("url_callback", yield* settings.required("url_callback"))
  const beside = (name: string, last: string) =>
    Effect.flatMap(settings.text(name), (url) => urlOf(name, url ?? callback.replace("/callback", `/${last}`)))
  const urls = { callback, secrets: yield* beside("url_secrets", "secrets"), logs: yield* beside("url_logs", "logs") }
  return yield* makePlatform(token, urls)
})

const urlOf = (name: string, url: string) =>
  URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
    ? Effect.succeed(url)
    : Effect.fail(
        new ConfigError({ source: name, key: "", message: "must be a URL that begins with https:// (or http://)" }),
      )
