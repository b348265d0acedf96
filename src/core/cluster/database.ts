/** The connection to the PostgreSQL of a cluster: its pool, TLS, and errors in the operator's words. */
import { PgClient } from "@effect/sql-pg"
import { Effect, FileSystem, Layer, Redacted, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import { readAuthority } from "../config/authority.ts"
import type { ClusterConfig } from "../config/cluster.ts"
import { ConfigError, StoreError } from "../errors.ts"
import { hideInLogs, percentDecoded } from "../telemetry/redact.ts"
import { cluster_database as limits } from "./limits.ts"

/** The clients of a process. */
export interface Database {
  readonly sql: SqlClient.SqlClient
  /** Where it is, without user and password: `host:port/database`. */
  readonly place: string
}

/** Opens a pool; no connection is made yet. All are closed with the scope. */
export const openDatabase = Effect.fnUntraced(function* (
  config: ClusterConfig,
  source: string,
): Effect.fn.Return<Database, ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const url = yield* urlOf(config, source)
  const place = placeOf(url)
  const ca =
    config.database_ca_file === undefined
      ? undefined
      : yield* readAuthority(source, "cluster.database_ca_file", config.database_ca_file)
  // Read anew for each connection, so that a rotated password is picked up.
  const password = urlOf(config, source).pipe(
    Effect.map((now) => Redacted.make(percentDecoded(now.password))),
    Effect.provideService(FileSystem.FileSystem, fs),
    Effect.orDie,
  )
  const services = yield* Layer.build(
    PgClient.layer({
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? 5_432 : Number(url.port),
      database: percentDecoded(url.pathname.slice(1)),
      username: percentDecoded(url.username),
      ...(url.password !== "" && { password }),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      ssl: usesTls(url) ? { rejectUnauthorized: true, ...(ca !== undefined && { ca }) } : false,
      applicationName: "akonis",
      maxConnections: config.connections_max,
      connectTimeout: limits.connect_ms_max,
      idleTimeout: limits.idle_ms_max,
      startupParameters: {
        statement_timeout: String(limits.statement_ms_max),
        idle_in_transaction_session_timeout: String(limits.transaction_silent_ms_max),
      },
    }),
  ).pipe(Effect.mapError((error) => unreachable(place, error)))
  const sql = yield* Effect.provide(SqlClient.SqlClient, services)
  return { sql, place }
})

/** Runs a statement of a store. One that the database does not answer in time counts as failed, though it may have been carried out. */
export const ask = <A>({ place }: Pick<Database, "place">, statement: Effect.Effect<A, SqlError>) =>
  statement.pipe(
    Effect.timeout(limits.statement_ms_max),
    Effect.mapError((error) => unreachable(place, error)),
    Effect.withTracerEnabled(false),
  )

const unreachable = (place: string, error: SqlError | { readonly _tag: "TimeoutError" }): StoreError => {
  const why =
    error._tag === "TimeoutError"
      ? `no answer within ${limits.statement_ms_max / 1_000} s`
      : told(wordsOf(error).slice(0, 300))
  return new StoreError({
    reason: "unreadable",
    path: place,
    message: `the database ${place} cannot be used: ${why}`,
  })
}

/** What OpenSSL and BoringSSL say of a certificate whose authority they do not know. */
const unknown_authority = /unable to (verify|get)|self[- ]signed/i

const told = (words: string): string =>
  unknown_authority.test(words) ? `${words}; database_ca_file names the authority where it is your own` : words

/** What the server or the system said, of the innermost error that says anything. */
export const wordsOf = (error: SqlError): string => {
  let words = error.message
  for (let inner: unknown = error.reason; inner instanceof Error || isCause(inner); inner = inner.cause) {
    if (typeof inner.message === "string" && inner.message !== "") words = inner.message
  }
  return words
}

const isCause = (value: unknown): value is { readonly message?: unknown; readonly cause?: unknown } =>
  typeof value === "object" && value !== null

const urlOf = Effect.fnUntraced(function* ({ database_url }: ClusterConfig, source: string) {
  const text = Redacted.value(yield* database_url.value)
  const url = URL.canParse(text) ? new URL(text) : undefined
  const is_whole =
    url !== undefined && /^postgres(ql)?:$/.test(url.protocol) && url.hostname !== "" && url.pathname.length > 1
  if (!is_whole) {
    const message = "must be a URL such as postgres://user:password@host:5432/database"
    return yield* new ConfigError({ source, key: "cluster.database_url", message })
  }
  if (url.password !== "") for (const form of [url.password, percentDecoded(url.password)]) hideInLogs(form)
  return url
})

const placeOf = ({ hostname, port, pathname }: URL): string => `${hostname}:${port || 5_432}${pathname}`

/** Away from this machine only who says so in the URL goes without. */
const usesTls = ({ hostname, searchParams }: URL): boolean => {
  const mode = searchParams.get("sslmode")
  if (mode === "disable") return false
  return mode !== null || !["localhost", "127.0.0.1", "[::1]"].includes(hostname)
}
