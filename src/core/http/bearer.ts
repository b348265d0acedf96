/** Who may call our HTTP API: bearer tokens with a role, compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto"
import { Effect, type FileSystem, Redacted } from "effect"
import type { General } from "../config/schema.ts"
import { secretFile } from "../config/secret.ts"
import { ConfigError, type StoreError } from "../errors.ts"
import { makeFolder, readIfPresent, writeAtomic } from "../store/atomic-file.ts"

export type Role = "reader" | "responder" | "admin"
export type Caller = General["server"]["tokens"][number]

const rank = { reader: 0, responder: 1, admin: 2 } as const

/** Whether a role may do what needs `wanted`. */
export const roleAllows = (role: Role, wanted: Role): boolean => rank[role] >= rank[wanted]

/** Finds the caller of an `Authorization` header. Every configured token is compared, whichever fits. */
export const findCaller = Effect.fnUntraced(function* (callers: readonly Caller[], header: string | undefined) {
  const given = digestOf(header)
  let found: Caller | undefined
  for (const caller of callers) {
    // A token file that is gone must not lock the others out.
    const token = yield* Effect.option(caller.token.value)
    if (token._tag === "Some" && isToken(token.value, given)) found ??= caller
  }
  return found
})

/** The same among the tokens that lie in no file, for which nothing has to be waited for: a fiber less per request. */
export const findFixedCaller = (callers: readonly Caller[], header: string | undefined): Caller | undefined => {
  const given = digestOf(header)
  let found: Caller | undefined
  for (const caller of callers) {
    const { fixed } = caller.token
    if (fixed !== undefined && isToken(fixed, given)) found ??= caller
  }
  return found
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const digestOf = (header: string | undefined): Buffer => digest(/^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "")

/** The digests of tokens, by the value that holds them: a token is hashed once. */
const digests = new WeakMap<Redacted.Redacted<string>, Buffer>()

const isToken = (token: Redacted.Redacted<string>, given: Buffer): boolean => {
  const known = digests.get(token) ?? digest(Redacted.value(token))
  digests.set(token, known)
  return timingSafeEqual(known, given)
}

const file_name = "api-token"

/**
 * The callers of the configuration; where there are none, one token is made and kept in `data_dir/api-token`. Listening
 * beyond this machine takes a token that somebody chose.
 */
export const loadCallers = Effect.fnUntraced(function* (
  source: string,
  data_dir: string,
  server: General["server"],
): Effect.fn.Return<
  { readonly callers: readonly Caller[]; readonly made: string | undefined },
  ConfigError | StoreError,
  FileSystem.FileSystem
> {
  if (server.tokens.length > 0) return { callers: server.tokens, made: undefined }
  if (!isLoopback(server.host)) {
    const message = `${server.host} can be reached from other machines: configure server.tokens or AKONIS_TOKEN, or listen on 127.0.0.1`
    return yield* new ConfigError({ source, key: "server.host", message })
  }
  const path = `${data_dir}/${file_name}`
  if (((yield* readIfPresent(path)) ?? "").trim() === "") {
    yield* makeFolder(data_dir)
    const bytes = crypto.getRandomValues(new Uint8Array(24))
    yield* writeAtomic(data_dir, file_name, `${Buffer.from(bytes).toString("base64url")}\n`)
  }
  return { callers: [{ name: "local", token: secretFile(path, file_name), role: "admin" }], made: path }
})

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|::1|\[::1\])$/.test(host)
