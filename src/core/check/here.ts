/** What `akonis check` looks at on this machine: configuration, files, folders, lock and port. */
import { Effect, FileSystem, Layer, type Scope } from "effect"
import type { Config, TenantConfig } from "../config/load.ts"
import { isSecret, type Secret } from "../config/secret.ts"
import type { ConfigError } from "../errors.ts"
import { Http } from "../http/client/http.ts"
import { checkCallers, whyTooOpen } from "../http/server/bearer.ts"
import { listen } from "../http/server/listen.ts"
import { makeFolder, readIfPresent, writeAtomic } from "../store/atomic-file.ts"
import { Checkpoints } from "../store/checkpoints.ts"
import { lockFolder } from "../store/lock.ts"
import { Offsets } from "../store/offsets.ts"
import { clusterRoom } from "../tenant/boot.ts"
import { layerTenant } from "../tenant/services.ts"
import { type CheckRow, type Finding, failed, ok, warning } from "./check.ts"

/** One question about this machine. */
export interface Question extends Omit<CheckRow, keyof Finding> {
  readonly find: Effect.Effect<Finding, never, FileSystem.FileSystem | Scope.Scope>
}

const question = (name: string, tried: string, find: Question["find"], tenant = ""): Question => ({
  tenant,
  plugin: "",
  name,
  tried,
  find,
})

/** The row of a configuration that could not be loaded. */
export const configurationFailed = ({ source, key, lines }: ConfigError): CheckRow => ({
  tenant: "",
  plugin: "",
  name: "configuration",
  tried: "the configuration file and the environment",
  ...failed(
    lines.join("; "),
    key === "" ? `correct ${source}` : `correct ${key}; docs/reference/configuration.md lists all keys`,
  ),
})

/** What the configuration alone tells, secret files read. Nothing is sent and nothing written. */
export const configurationQuestions = (config: Config): readonly Question[] => {
  const secrets = secretFilesOf(config)
  const { source, server } = config
  return [
    question("configuration", "the configuration file and the environment", Effect.succeed(summary(config))),
    ...(secrets.length === 0
      ? []
      : [question("secret files", `${secrets.length} files that hold secrets`, readSecrets(secrets))]),
    question("API tokens", "length, characters and names of server.tokens", checkTokens(source, server.tokens)),
    question("open address", `who may reach server.host ${server.host}`, Effect.succeed(checkOpen(config))),
  ]
}

const summary = ({ source, tenants }: Config): Finding => {
  const names = new Set(tenants.flatMap((tenant) => tenant.plugins.map(({ plugin }) => plugin.id)))
  return ok(`${source}; plugins on: ${[...names].join(", ") || "none"}`)
}

/** Every secret of the configuration that lies in a file. */
const secretFilesOf = (value: unknown): readonly Secret[] => {
  if (isSecret(value)) return value.fixed === undefined ? [value] : []
  if (Array.isArray(value)) return value.flatMap(secretFilesOf)
  if (typeof value !== "object" || value === null || "actions" in value) return []
  return Object.values(value).flatMap(secretFilesOf)
}

const readSecrets = Effect.fnUntraced(function* (secrets: readonly Secret[]) {
  const read = yield* Effect.forEach(secrets, ({ value }) => Effect.result(value))
  const bad = read.flatMap((one) => (one._tag === "Failure" ? [one.failure] : []))
  if (bad.length === 0) return ok(`${secrets.length} read`)
  return failed(
    bad.map(({ source, key, message }) => `${key}_file ${source}: ${message}`).join("; "),
    "make the files readable for the user that runs Akonis, with the secret alone in them",
  )
})

const checkTokens = (source: string, tokens: Config["server"]["tokens"]) =>
  checkCallers(source, tokens).pipe(
    Effect.as(
      ok(tokens.length === 0 ? "none; one is made in data_dir/api-token at the start" : `${tokens.length} good`),
    ),
    Effect.catchTag("ConfigError", ({ key, message }) =>
      Effect.succeed(failed(`${key}: ${message}`, `correct ${key}`)),
    ),
  )

const checkOpen = ({ server }: Config): Finding => {
  const why = whyTooOpen(server)
  if (why !== undefined) return failed(why, "set server.tokens or AKONIS_TOKEN, or server.host: 127.0.0.1")
  return ok(server.tokens.length > 0 ? "needs a token" : "this machine only")
}

/** Whether the folder can be written as it will have to be: written, synced, renamed, read back, removed. */
export const folderQuestion = (folder: string, tenant: string): Question =>
  question(
    "data folder",
    `a file written to ${folder}, synced, read back and removed`,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const name = `check-${crypto.randomUUID()}`
      yield* makeFolder(folder)
      yield* writeAtomic(folder, name, name)
      const read = yield* readIfPresent(`${folder}/${name}`)
      yield* Effect.ignore(fs.remove(`${folder}/${name}`))
      if (read === name) return ok(`${folder} can be written`)
      return failed(`${folder}: what was written is not what is read`, "use a local disk")
    }).pipe(
      Effect.catchTag("StoreError", ({ message }) =>
        Effect.succeed(
          failed(
            message,
            "set data_dir to a folder that the user that runs Akonis may write to, with room on its disk",
          ),
        ),
      ),
    ),
    tenant,
  )

/** Takes the lock for a moment. Somebody else's is a warning: it may be the process that is asked about. */
export const lockQuestion = (folder: string): Question =>
  question(
    "lock",
    `the lock of ${folder}, for a moment`,
    Effect.scoped(lockFolder(folder, ["work", "serve"])).pipe(
      Effect.as(ok("free")),
      Effect.catchTag("StoreError", ({ reason, message }) =>
        Effect.succeed(
          reason === "locked"
            ? warning(message, "nothing, if that is the process you mean; a second one is refused")
            : failed(message, "stop every Akonis, then delete the file lock"),
        ),
      ),
    ),
  )

/** Opens every file of a tenant as a start does, and those that plugins open later. */
export const filesQuestion = (tenant: TenantConfig, shown: string): Question =>
  question(
    "files",
    `cache.json, context.json and the dead letters below ${tenant.data_dir}`,
    Effect.gen(function* () {
      const services = yield* Layer.build(layerTenant(tenant).pipe(Layer.provide(no_network)))
      yield* Effect.provide(open_files, services)
      return ok("in order")
    }).pipe(
      Effect.catchTag("StoreError", ({ path, message }) =>
        Effect.succeed(failed(message, `restore ${path} from a backup, correct it by hand, or delete it`)),
      ),
    ),
    shown,
  )

/** What the stores read at first use. */
const open_files = Effect.all([
  Offsets.use((offsets) => offsets.open),
  Checkpoints.use((checkpoints) => checkpoints.all),
])

/** For services that are built and send nothing. */
const no_network = Layer.succeed(Http, {
  send: () => Effect.die("a check of files sends nothing"),
  open: () => Effect.die("a check of files sends nothing"),
})

/** Listens for a moment. `in_use`: another Akonis holds the data folder, and so perhaps the port. */
export const portQuestion = ({ server }: Config, in_use: boolean): Question =>
  question(
    "port",
    `listening on ${server.host}, port ${server.port}, for a moment`,
    Effect.gen(function* () {
      const unready = () => new Response(null, { status: 503 })
      const opened = yield* Effect.result(listen({ hostname: server.host, port: server.port, fetch: unready }))
      if (opened._tag === "Success") return ok(server.port === 0 ? "any free one" : "free")
      const { message } = opened.failure
      return in_use
        ? warning(message, "nothing, if the process that holds the data folder listens there")
        : failed(message, "choose another server.port (AKONIS_PORT) or server.host, or stop who listens there")
    }),
  )

/** What a process of a cluster takes beside that: its database, of this version, and the port for the others. */
export const clusterQuestions = ({ cluster, source }: Config, in_use: boolean): readonly Question[] => {
  if (cluster === undefined) return []
  const { runner_host, runner_port, runner_listen_host: hostname = runner_host } = cluster
  const database = Effect.gen(function* () {
    const room = yield* clusterRoom
    const opened = yield* room.openDatabase(cluster, source)
    yield* room.checkVersion(opened)
    return ok(`${opened.place} answers, and has the tables of this version`)
  }).pipe(
    Effect.catchTags({
      ConfigError: ({ key, message }) => Effect.succeed(failed(`${key}: ${message}`, `correct ${key}`)),
      StoreError: ({ message }) =>
        Effect.succeed(
          failed(message, "check cluster.database_url, and run akonis cluster migrate once for a version"),
        ),
    }),
  )
  const port = Effect.gen(function* () {
    const unready = () => new Response(null, { status: 503 })
    const opened = yield* Effect.result(listen({ hostname, port: runner_port, fetch: unready }))
    if (opened._tag === "Success") return ok("free")
    const detail = `port ${runner_port} on ${hostname} cannot be opened`
    return in_use
      ? warning(detail, "nothing, if the process that holds the data folder listens there")
      : failed(detail, "choose another cluster.runner_port, or a runner_listen_host of this machine")
  })
  return [
    question("cluster database", "a connection to the database of cluster.database_url, and its version", database),
    question("cluster port", `listening on ${hostname}, port ${runner_port}, for a moment`, port),
  ]
}

/** The row of something that must be in order before anything is sent. */
export const networkFailed = ({ key, message }: ConfigError): CheckRow => ({
  tenant: "",
  plugin: "",
  name: "certificates",
  tried: "ca_file",
  ...failed(message, `correct ${key}`),
})
