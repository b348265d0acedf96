/** Talks to a running process over its own HTTP API: where it listens and which token it takes, the configuration says. */
import { Effect, type FileSystem, Option, Redacted } from "effect"
import { Flag } from "effect/cli"
import type { z } from "zod"
import { configuration } from "../../core/config/limits.ts"
import type { Config } from "../../core/config/load.ts"
import { uses } from "../../core/config/plugins.ts"
import { secretFile } from "../../core/config/secret.ts"
import { ConfigError } from "../../core/errors.ts"
import { layerFetch } from "../../core/http/client/fetch.ts"
import { Http, type HttpAnswer, type HttpRequest } from "../../core/http/client/http.ts"
import { type Role, roleAllows, token_file_name } from "../../core/http/server/bearer.ts"
import { jsonObject } from "../../core/json-object.ts"
import { texts } from "../../core/limits.ts"
import { readRegular, whyUnread } from "../../core/store/regular-file.ts"
import { cleanText } from "../../core/text.ts"
import { version } from "../../version.ts"
import { configFlag, configOf, type Exit, endCommand, type Plugins } from "../common.ts"

export const remoteFlags = {
  config: configFlag,
  url: Flag.String("url").pipe(
    Flag.withDescription("Where the process listens; else as its configuration says"),
    Flag.withMetavar("URL"),
    Flag.optional,
  ),
  token_file: Flag.String("token-file").pipe(
    Flag.withDescription("File with a token of that process; else one of its configuration"),
    Flag.withMetavar("FILE"),
    Flag.optional,
  ),
}

interface Given {
  readonly config: Option.Option<string>
  readonly url: Option.Option<string>
  readonly token_file: Option.Option<string>
}

export interface Remote {
  readonly url: string
  /** Asks for a path; fails, with what is wrong printed, when there is no answer or it is no success. */
  readonly get: (path: string) => Effect.Effect<HttpAnswer, Exit>
  /** Posts to a path, without a body, and waits two minutes for the answer, as a reload may take; fails as {@link get}. */
  readonly post: (path: string) => Effect.Effect<HttpAnswer, Exit>
  /** Reads a body without end line by line, until it ends. */
  readonly lines: (path: string, tell: (line: string) => Effect.Effect<void, Exit>) => Effect.Effect<void, Exit>
}

const timeout_ms = 10_000
/** A reload waits until what it stops is drained, and for the reloads before it. */
const post_timeout_ms = 120_000
/** Of what is wrong: as much as a problem document says. */
const detail_chars_max = 2_000
const answer_bytes_max = 32 * 1024 * 1024

/** Finds the process; `role` is what the token has to be good for. */
export const connectRemote = Effect.fnUntraced(function* (
  given: Given,
  role: Role,
): Effect.fn.Return<Remote, ConfigError | Exit, FileSystem.FileSystem | Plugins> {
  const named_url = Option.getOrUndefined(given.url)
  const token_file = Option.getOrUndefined(given.token_file)
  const is_told = named_url !== undefined && token_file !== undefined
  const config = is_told ? undefined : yield* configOf(given.config, uses.files)
  const url = (named_url ?? urlOf(config!)).replace(/\/+$/, "")
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    return yield* new ConfigError({ source: "command line", key: "--url", message: "must begin with http://" })
  }
  const token = token_file === undefined ? yield* ownToken(config!, role) : yield* readToken(token_file)
  const { http } = yield* Effect.provide(
    Effect.map(Http, (http) => ({ http })),
    layerFetch({ user_agent: `akonis/${version}` }),
  )
  const request = (path: string, method: "GET" | "POST" = "GET") => ({
    method,
    url: `${url}${path}`,
    headers: { authorization: `Bearer ${Redacted.value(token)}` },
    timeout_ms,
  })
  const noAnswer = ({ message }: { readonly message: string }) =>
    endCommand(1, `no process answers at ${url}: ${message}`)
  const refused = (status: number, text: string) => endCommand(1, `${url} answered ${status}: ${detailOf(text)}`)

  const answered = (asked: HttpRequest, whatever_status: boolean) =>
    http.send(asked, answer_bytes_max).pipe(
      Effect.catchTag("TransportError", noAnswer),
      Effect.flatMap((answer) =>
        answer.status === 200 || whatever_status ? Effect.succeed(answer) : refused(answer.status, answer.text),
      ),
    )

  return {
    url,
    // A health of 503 is an answer, too.
    get: (path) => answered(request(path), path.startsWith("/health")),
    post: (path) => answered({ ...request(path, "POST"), timeout_ms: post_timeout_ms }, false),
    lines: (path, tell) =>
      Effect.gen(function* () {
        const response = yield* Effect.catchTag(http.open(request(path)), "TransportError", noAnswer)
        if (response.status !== 200 || response.body === null) {
          const text = yield* Effect.promise(() => response.text().catch(() => ""))
          return yield* refused(response.status, text)
        }
        yield* readLines(response.body, tell)
      }).pipe(Effect.scoped),
  }
})

const readLines = Effect.fnUntraced(function* (
  body: ReadableStream<Uint8Array>,
  tell: (line: string) => Effect.Effect<void, Exit>,
) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ""
  for (;;) {
    const read = yield* Effect.promise(() => reader.read().catch(() => ({ done: true as const, value: undefined })))
    if (read.done) return
    const lines = (rest + decoder.decode(read.value, { stream: true })).split("\n")
    rest = lines.pop()!
    for (const line of lines) yield* tell(line)
  }
})

/** Reads what answered as this version of a process says it: something else may listen there. */
export const readAnswer = <Schema extends z.ZodType>(
  schema: Schema,
  json: string,
): Effect.Effect<z.output<Schema>, Exit> => {
  const read = schema.safeParse(jsonObject(json))
  return read.success ? Effect.succeed(read.data) : endCommand(1, "what answers there is no akonis of this version")
}

const detailOf = (text: string): string => {
  const { detail } = jsonObject(text) ?? {}
  return typeof detail === "string" ? cleanText(detail, detail_chars_max) : cleanText(text, texts.answer_chars_max)
}

/** Every address of the machine is reached by the loopback one. */
const urlOf = ({ server: { host, port } }: Config): string => {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" || host === "[::]" ? "[::1]" : host
  return `http://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port}`
}

/** A token that the process takes: one of its configuration with enough rights, those for all tenants and the least of rights first, or the one it made. */
const ownToken = Effect.fnUntraced(function* ({ source, data_dir, server }: Config, role: Role) {
  const fit = server.tokens
    .filter((caller) => roleAllows(caller.role, role))
    .toSorted((one, other) => (roleAllows(one.role, other.role) ? 1 : -1))
    .toSorted((one, other) => Number(one.tenants !== undefined) - Number(other.tenants !== undefined))
  const made = secretFile(`${data_dir}/${token_file_name}`, token_file_name)
  for (const token of server.tokens.length === 0 ? [made] : fit.map((caller) => caller.token)) {
    const read = yield* Effect.option(token.value)
    if (read._tag === "Some") return read.value
  }
  const message =
    server.tokens.length === 0
      ? `there is no ${data_dir}/${token_file_name}: no process with this configuration has run here; name a token with --token-file`
      : `none of these can be read and has the role ${role}; name a token with --token-file`
  return yield* new ConfigError({ source, key: "server.tokens", message })
})

const readToken = (path: string) =>
  readRegular(path, configuration.secret_bytes_max).pipe(
    Effect.map(({ text }) => Redacted.make(text.trim())),
    Effect.mapError(
      (error) =>
        new ConfigError({
          source: "command line",
          key: "--token-file",
          message: `${path} cannot be read: ${whyUnread(error)}`,
        }),
    ),
  )
