/** Who may call our HTTP API: bearer tokens with a role, compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto"
import { Effect, type FileSystem, Redacted } from "effect"
import type { General } from "../../config/schema.ts"
import { secretFile } from "../../config/secret.ts"
import { ConfigError, type StoreError } from "../../errors.ts"
import { makeFolder, readIfPresent, writeAtomic } from "../../store/atomic-file.ts"
import { server } from "./limits.ts"

export type Role = "reader" | "responder" | "admin"
export type Caller = General["server"]["tokens"][number]

const rank = { reader: 0, responder: 1, admin: 2 } as const

/** Whether a role may do what needs `wanted`. */
export const roleAllows = (role: Role, wanted: Role): boolean => rank[role] >= rank[wanted]

/** Whether a caller's token is for this tenant; one that names no tenants is for all. */
export const maySee = ({ tenants }: Caller, id: string): boolean => tenants === undefined || tenants.includes(id)

/** Finds the caller of an `Authorization` header. */
export const findCaller = (callers: readonly Caller[], header: string | undefined) =>
  findByDigest(callers, digestOf(header))

/** Finds the caller by the digest of a token. Every configured token is compared, whichever fits. */
export const findByDigest = Effect.fnUntraced(function* (callers: readonly Caller[], given: Buffer) {
  let found: Caller | undefined
  for (const caller of callers) {
    // A token file that is gone must not lock the others out.
    const token = yield* Effect.option(caller.token.value)
    if (token._tag === "Some" && isToken(token.value, given)) found ??= caller
  }
  return found
})

/** Finds the caller among those whose token is in no file. Synchronous, which saves a fiber per request. */
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

/** What stands for a token where it has to be remembered; that of a missing one is nobody's. */
export const digestOf = (header: string | undefined): Buffer => digest(/^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "")

/** The digests of tokens, by the value that holds them: a token is hashed once. */
const digests = new WeakMap<Redacted.Redacted<string>, Buffer>()

const isToken = (token: Redacted.Redacted<string>, given: Buffer): boolean => {
  // A file may have changed since the start.
  if (whyNoToken(Redacted.value(token)) !== undefined) return false
  const known = digests.get(token) ?? digest(Redacted.value(token))
  digests.set(token, known)
  return timingSafeEqual(known, given)
}

/** Why a text cannot be a bearer token; `undefined` when it can. */
const whyNoToken = (text: string): string | undefined => {
  if (!/^[\x21-\x7e]*$/.test(text)) return "must have visible ASCII characters only, no blanks"
  return text.length < server.token_chars_min ? `must have at least ${server.token_chars_min} characters` : undefined
}

/**
 * Refuses tokens that cannot serve: too short, with blanks, or of the same name or value as another one. A file that cannot be
 * read is left: it may come, and must not lock the others out.
 */
export const checkCallers = Effect.fnUntraced(function* (
  source: string,
  callers: readonly Caller[],
): Effect.fn.Return<void, ConfigError, FileSystem.FileSystem> {
  const names = new Set<string>()
  const values = new Map<string, string>()
  for (const [i, { name, token }] of callers.entries()) {
    const key = name === env_name ? env_key : `server.tokens[${i}]`
    const refuse = (message: string) =>
      new ConfigError({ source: name === env_name ? "environment" : source, key, message })
    if (names.has(name)) return yield* refuse(`the name "${name}" is used twice`)
    names.add(name)
    const read = yield* Effect.option(token.value)
    if (read._tag === "None") continue
    const value = Redacted.value(read.value)
    const why = whyNoToken(value)
    if (why !== undefined) return yield* refuse(`the token ${why}`)
    const twin = values.get(value)
    if (twin !== undefined) return yield* refuse(`the token is the same as that of "${twin}"`)
    values.set(value, name)
  }
})

const env_name = "env"
const env_key = "AKONIS_TOKEN"

/** Below the data folder: the token that is made where the configuration names none. */
export const token_file_name = "api-token"

/**
 * The callers of the configuration; where there are none, one token is made and kept in `data_dir/api-token`. Listening
 * beyond this machine takes a token that somebody chose.
 */
export const loadCallers = Effect.fnUntraced(function* (
  source: string,
  data_dir: string,
  configured: General["server"],
): Effect.fn.Return<
  { readonly callers: readonly Caller[]; readonly made: string | undefined },
  ConfigError | StoreError,
  FileSystem.FileSystem
> {
  yield* checkCallers(source, configured.tokens)
  if (configured.tokens.length > 0) return { callers: configured.tokens, made: undefined }
  const why = whyTooOpen(configured)
  if (why !== undefined) return yield* new ConfigError({ source, key: "server.host", message: why })
  const path = `${data_dir}/${token_file_name}`
  if (((yield* readIfPresent(path)) ?? "").trim() === "") {
    yield* makeFolder(data_dir)
    const bytes = crypto.getRandomValues(new Uint8Array(24))
    yield* writeAtomic(data_dir, token_file_name, `${Buffer.from(bytes).toString("base64url")}\n`)
  }
  return { callers: [{ name: "local", token: secretFile(path, token_file_name), role: "admin" }], made: path }
})

/** Why a server must not listen there: without a token that somebody chose, only on this machine. */
export const whyTooOpen = ({ host, tokens }: General["server"]): string | undefined =>
  tokens.length > 0 || isLoopback(host)
    ? undefined
    : `${host} can be reached from other machines: configure server.tokens or AKONIS_TOKEN, or listen on 127.0.0.1`

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|::1|\[::1\])$/.test(host)
