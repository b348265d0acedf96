/**
 * The data path where it is a bucket (SDK, storage.py): `file_backend` is `S3`, and files are objects below `sub_folder`. Any
 * S3-compatible store: paths with the bucket's name in them, signature version 4.
 */
import { AwsV4Signer } from "aws4fetch"
import { Clock, Effect, Redacted } from "effect"
import { StoreError, type TransportError } from "../../core/errors.ts"
import { waitMs } from "../../core/http/client/backoff.ts"
import { Http, type HttpAnswer } from "../../core/http/client/http.ts"
import { forPurpose } from "../../core/http/client/purpose.ts"
import { retryAfterMs } from "../../core/http/client/retry-after.ts"
import { quote } from "../../core/sekoia/sekoia-error.ts"
import { hideInLogs } from "../../core/telemetry/redact.ts"
import { bucket as limits } from "../limits.ts"
import type { Settings } from "./settings.ts"

/** Objects by their keys below the data path. */
export interface Bucket {
  /** For messages: `s3://name/folder`. */
  readonly name: string
  /** `undefined` only where the store says that there is no such object. */
  readonly get: (key: string) => Effect.Effect<string | undefined, StoreError>
  readonly put: (key: string, text: string) => Effect.Effect<void, StoreError>
  readonly list: Effect.Effect<readonly string[], StoreError>
}

interface Call {
  readonly method: "GET" | "PUT"
  readonly url: string
  readonly body?: string
}

/** Opens the bucket of the settings; nothing is asked yet. */
export const openBucket = Effect.fnUntraced(function* (settings: Settings) {
  const http = yield* Http
  const bucket = yield* settings.required("aws_bucket_name")
  const region = yield* settings.required("aws_default_region")
  const accessKeyId = yield* settings.required("aws_access_key_id")
  const secretAccessKey = Redacted.make(yield* settings.secret("aws_secret_access_key"))
  const sessionToken = yield* settings.text("aws_session_token")
  if (sessionToken !== undefined) hideInLogs(sessionToken)
  const endpoint = (yield* settings.text("aws_s3_endpoint_url")) ?? `https://s3.${region}.amazonaws.com`
  const folder = (yield* settings.text("sub_folder"))?.replace(/^\/+|\/+$/g, "") ?? ""
  const prefix = folder === "" ? "" : `${folder}/`
  const root = `${endpoint.replace(/\/+$/, "")}/${encodeURIComponent(bucket)}`
  const name = `s3://${bucket}/${folder}`
  const urlOf = (key: string) => `${root}/${`${prefix}${key}`.split("/").map(encodeURIComponent).join("/")}`

  const once = ({ method, url, body }: Call): Effect.Effect<HttpAnswer, TransportError> =>
    Effect.promise(async () => {
      const signer = new AwsV4Signer({
        ...{ method, url, region, service: "s3", accessKeyId, secretAccessKey: Redacted.value(secretAccessKey) },
        ...(body !== undefined && { body }),
        ...(sessionToken !== undefined && { sessionToken }),
      })
      const { headers } = await signer.sign()
      headers.delete("host")
      return Object.fromEntries(headers)
    }).pipe(
      Effect.flatMap((headers) => {
        const request = { method, url, headers, ...(body !== undefined && { body }), timeout_ms: limits.request_ms_max }
        return http.send(request, limits.object_bytes_max)
      }),
      forPurpose("session"),
    )

  /** Tries again what may pass; a refusal is the store's last word. */
  const call = Effect.fnUntraced(function* (given: Call, reason: StoreError["reason"], path: string) {
    const wrong = (message: string) => new StoreError({ reason, path, message: `${path}: ${message}` })
    for (let failures = 1; ; failures++) {
      const result = yield* Effect.match(once(given), {
        onSuccess: (answer) => ({ answer, message: `the store answered ${answer.status}${quote(answer.text)}` }),
        onFailure: ({ message }) => ({ answer: undefined, message }),
      })
      const { answer, message } = result
      const status = answer?.status ?? 0
      if (answer !== undefined && ((status >= 200 && status < 300) || isAbsent(answer))) return answer
      if (failures >= limits.attempts_max || (status >= 400 && status < 500 && status !== 408 && status !== 429))
        return yield* wrong(message)
      const asked_ms = answer === undefined ? 0 : (retryAfterMs(answer.headers, yield* Clock.currentTimeMillis) ?? 0)
      const own_ms = Math.min(yield* waitMs(failures, undefined), limits.wait_ms_max)
      yield* Effect.sleep(Math.max(own_ms, asked_ms))
    }
  })

  const get: Bucket["get"] = (key) =>
    Effect.map(call({ method: "GET", url: urlOf(key) }, "unreadable", `${name}/${key}`), (answer) =>
      answer.status === 404 ? undefined : answer.text,
    )

  const put: Bucket["put"] = (key, body) =>
    call({ method: "PUT", url: urlOf(key), body }, "unwritable", `${name}/${key}`).pipe(
      Effect.flatMap(({ status, text }) => {
        const wrong = (why: string) =>
          new StoreError({ reason: "unwritable", path: `${name}/${key}`, message: `${name}: ${why}` })
        if (status === 404) return wrong("there is no such place")
        // A store says nothing to an object that it has taken: a page is a proxy's.
        return text.trim() === "" ? Effect.void : wrong(`what answered is no store${quote(text)}`)
      }),
    )

  const list: Bucket["list"] = Effect.gen(function* () {
    const keys: string[] = []
    for (let token: string | undefined; ; ) {
      // A plus is no blank in what is signed.
      const query = new URLSearchParams({
        "list-type": "2",
        prefix,
        ...(token !== undefined && { "continuation-token": token }),
      })
      const answer = yield* call(
        { method: "GET", url: `${root}?${String(query).replaceAll("+", "%20")}` },
        "unreadable",
        name,
      )
      // An answer of another kind must not be taken for an empty bucket.
      if (!answer.text.includes("<ListBucketResult"))
        return yield* new StoreError({
          reason: "unreadable",
          path: name,
          message: `${name}: the store does not list it${quote(answer.text)}`,
        })
      keys.push(...valuesOf(answer.text, "Key").map((key) => key.slice(prefix.length)))
      const next = valuesOf(answer.text, "NextContinuationToken")[0]
      const is_cut = next === undefined ? valuesOf(answer.text, "IsTruncated")[0] === "true" : next === token
      if (is_cut || !answer.text.includes("</ListBucketResult>"))
        return yield* new StoreError({
          reason: "unreadable",
          path: name,
          message: `${name}: the store's list breaks off after ${keys.length} objects, and does not say how to go on`,
        })
      token = next
      if (token === undefined) return keys
    }
  })

  return { name, get, put, list } satisfies Bucket
})

/** Only what names a key that is not there: a bucket that does not exist is a mistake. */
const isAbsent = ({ status, text }: HttpAnswer): boolean => status === 404 && /<Code>NoSuchKey<\/Code>/.test(text)

/** The texts of all elements of one name. S3 escapes five characters in them. */
const valuesOf = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map(([, text = ""]) =>
    text.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name]!),
  )

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" }
