/**
 * `akonis support`: one archive for a report of a bug. It holds what we say ourselves and nothing of an event: what others said, and
 * might repeat of one, is cut out, and so is every secret of the configuration.
 */
import { arch, cpus, platform, release, totalmem } from "node:os"
import { Clock, Effect, FileSystem, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { createTarGzip } from "nanotar"
import { z } from "zod"
import { status_report } from "../../api/status/schema.ts"
import type { Config } from "../../core/config/load.ts"
import { readInSecrets } from "../../core/config/secret.ts"
import { readDeadLetters } from "../../core/delivery/dead-letter-files.ts"
import { StoreError } from "../../core/errors.ts"
import { runtime } from "../../core/runtime/runtime.ts"
import { systemWords } from "../../core/store/regular-file.ts"
import { ownWords } from "../../core/telemetry/own-words.ts"
import { redact, withoutLogins } from "../../core/telemetry/redact.ts"
import { version } from "../../version.ts"
import { complain, explain, print } from "../common.ts"
import { effectiveOf } from "./config.ts"
import { connectRemote, readAnswer, remoteFlags } from "./remote.ts"

const flags = {
  ...remoteFlags,
  out: Flag.String("out").pipe(
    Flag.withDescription("Where to write the archive; akonis-support-<time>.tar.gz here when left out"),
    Flag.withMetavar("FILE"),
    Flag.optional,
  ),
}

export const support = Command.make("support", flags, (given) =>
  explain(
    Effect.gen(function* () {
      const { config, keys } = yield* effectiveOf(given.config)
      yield* readInSecrets(config.server.tokens)
      for (const { credentials, plugins } of config.tenants) {
        yield* readInSecrets([credentials, plugins.map((plugin) => plugin.config)])
      }
      const now = new Date(yield* Clock.currentTimeMillis).toISOString()
      const name = `akonis-support-${now.slice(0, 19).replaceAll(/[:T]/g, "-")}`
      const files: Record<string, string> = {
        "versions.json": json(versions(now)),
        "config.json": json(keys),
        "dead-letters.json": json(yield* countLetters(config)),
        "data-folder.txt": yield* listFolder(config.data_dir),
        ...(yield* Effect.catchTag(askProcess(given), ["Exit", "ConfigError"], () =>
          Effect.succeed({ "not-running.txt": "No process answered; akonis support says why on standard error.\n" }),
        )),
      }
      const out = Option.getOrElse(given.out, () => `${name}.tar.gz`)
      const archive = yield* Effect.promise(() =>
        createTarGzip(
          Object.entries(files).map(([file, text]) => ({ name: `${name}/${file}`, data: redact(withoutLogins(text)) })),
        ),
      )
      const fs = yield* FileSystem.FileSystem
      yield* Effect.mapError(
        fs.writeFile(out, archive, { mode: 0o600 }),
        (error) =>
          new StoreError({
            reason: "unwritable",
            path: out,
            message: `${out} cannot be written: ${systemWords(error)}`,
          }),
      )
      yield* print(out)
      yield* complain(`${Object.keys(files).join(", ")}: no secret and no event; look before you send it`)
    }),
  ),
).pipe(Command.withDescription("Write one archive for a bug report: no secret, no event content"))

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const versions = (at: string) => ({
  akonis: version,
  at,
  runtime,
  versions: process.versions,
  system: `${platform()} ${release()} ${arch()}`,
  processors: cpus().length,
  memory_bytes: totalmem(),
})

/** What the running process says of itself. */
const askProcess = Effect.fnUntraced(function* (given: Parameters<typeof connectRemote>[0]) {
  const remote = yield* connectRemote(given, "admin")
  const health = yield* readAnswer(z.looseObject({ status: z.string() }), (yield* remote.get("/health")).text)
  const status = yield* readAnswer(status_report, (yield* remote.get("/status")).text)
  const logs = (yield* remote.get("/admin/logs")).text
  return {
    "health.json": json(inOwnWords(health)),
    "status.json": json(inOwnWords(withoutNames(status))),
    "metrics.txt": (yield* remote.get("/metrics")).text,
    "logs.txt": logs.split("\n").map(ownWords).join("\n"),
  }
})

/** Every text of an answer in our own words. */
const inOwnWords = (value: unknown): unknown => {
  if (typeof value === "string") return ownWords(value)
  if (Array.isArray(value)) return value.map(inOwnWords)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inOwnWords(inner)]))
}

/** Who did what to which host is nobody else's business; that something was done stays. */
const withoutNames = (report: ReturnType<typeof status_report.parse>) => ({
  ...report,
  tenants: report.tenants.map(({ audit, dead_letters: { newest: _, ...dead_letters }, ...tenant }) => ({
    ...tenant,
    dead_letters,
    audit: audit.map(({ at, via, action, outcome, ids }) => ({ at, via, action, outcome, ids })),
  })),
})

/** By tenant, reason and day. */
const countLetters = (config: Config) =>
  Effect.forEach(config.tenants, ({ id, data_dir }) =>
    Effect.map(readDeadLetters(data_dir), ({ letters, replayed, torn }) => {
      const counts: Record<string, number> = {}
      for (const { reason, at, id } of letters) {
        const key = `${at.slice(0, 10)} ${reason}${replayed.has(id) ? ", replayed" : ""}`
        counts[key] = (counts[key] ?? 0) + 1
      }
      return { tenant: id, counts, torn }
    }),
  )

/** What a data folder holds in good health is far fewer. */
const names_max = 1_000

/** Names, sizes and times of the data folder. */
const listFolder = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fs.readDirectory(folder, { recursive: true }), (): string[] => [])
  const lines = yield* Effect.forEach(names.toSorted().slice(0, names_max), (name) =>
    fs.stat(`${folder}/${name}`).pipe(
      Effect.map(({ size, mode, mtime }) => {
        const time = mtime._tag === "Some" ? mtime.value.toISOString() : "-"
        return `${(mode & 0o777).toString(8)} ${String(size).padStart(12)} ${time} ${name}\n`
      }),
      Effect.orElseSucceed(() => `? ${name}\n`),
    ),
  )
  return lines.join("")
})
