/** A process of the product in this one, whose configuration file can be written anew and reloaded, beside a simulator for each tenant. */
import { spyOn } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, Fiber, Queue } from "effect"
import type { Account } from "../../simulator/account.ts"
import { type Listening, listen } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { runAkonis } from "../../src/cli/run.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { plugins } from "../../src/plugins/index.ts"
import type { ReadAnew } from "../../src/reload.ts"

type Tree = Record<string, unknown>

export const tokens = {
  boss: "token-of-the-admin-01",
  reader: "token-of-the-reader-01",
  bound: "token-bound-to-acme-01",
}

export interface Reloading {
  readonly sims: readonly Listening[]
  readonly folder: string
  /** The tenant of a simulator, as the file has it; `more` goes into the block of its plugins. */
  readonly tenant: (id: string, sim: number, more?: Tree, own?: Tree) => Tree
  /** Writes the file: the common keys, and these. */
  readonly write: (keys: Tree) => void
  readonly reload: (token?: string) => Promise<{ readonly status: number; readonly body: Tree }>
  /** As SIGHUP does. */
  readonly hangUp: () => void
  readonly get: (path: string, token?: string) => Promise<{ readonly status: number; readonly text: string }>
  readonly audit: (tenant: string) => readonly Tree[]
  readonly stop: () => Promise<void>
  readonly log: () => string
}

interface Options {
  readonly sims: readonly SimulatorOptions[]
  /** What the file says first. Whatever the folder shall hold by then can be put there, too. */
  readonly first: (tenant: Reloading["tenant"], folder: string) => Tree
  /** Stands before the reading of the file. */
  readonly before?: (read: ReadAnew) => ReadAnew
}

export const withReloading = async (options: Options, body: (running: Reloading) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-reload-`)
  const file = `${folder}/akonis.yaml`
  const sims = options.sims.map((one) => listen({ partitions: 1, templates: 8, lock_release_ms: 0, ...one }))
  const tenant: Reloading["tenant"] = (id, at, more = {}, own = {}) => {
    const { url, simulator } = sims[at]!
    const { client_id, client_secret, intake_key } = simulator.settings
    const stream = { intake_key, intake_url: url, batch_wait_ms_max: 50, batch_events_max: 50 }
    return { id, client_id, client_secret, base_url: url, ...own, plugins: { "event-stream": stream, ...more } }
  }
  const server = {
    port: 0,
    tokens: [
      { name: "boss", role: "admin", token: tokens.boss },
      { name: "look", role: "reader", token: tokens.reader },
      { name: "bound", role: "admin", token: tokens.bound, tenants: ["acme"] },
    ],
  }
  const write = (keys: Tree) => writeFileSync(file, JSON.stringify({ data_dir: `${folder}/data`, server, ...keys }))
  write(options.first(tenant, folder))

  let log = ""
  const stderr = spyOn(process.stderr, "write").mockImplementation((text) => {
    log += String(text)
    return true
  })
  const listening = Promise.withResolvers<string>()
  const hangups = Effect.runSync(Queue.sliding<void>(1))
  const read = loadConfig({ file, env: {}, plugins })
  const fiber = Effect.runFork(
    Effect.flatMap(read, (config) =>
      runAkonis("run", config, {
        onListening: listening.resolve,
        readAnew: options.before?.(read) ?? read,
        hangup: Queue.take(hangups),
      }),
    ).pipe(Effect.provide(layerFiles)),
  )
  fiber.addObserver((exit) => listening.reject(exit))
  const ask = async (path: string, token: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${await listening.promise}${path}`, { headers, ...init })
    return { status: answer.status, text: await answer.text() }
  }
  const stop = () => Effect.runPromise(Fiber.interrupt(fiber))
  try {
    await listening.promise
    await body({
      sims,
      folder,
      tenant,
      write,
      reload: async (token = tokens.boss) => {
        const { status, text } = await ask("/admin/reload", token, { method: "POST" })
        return { status, body: JSON.parse(text) as Tree }
      },
      hangUp: () => void Queue.offerUnsafe(hangups, undefined),
      get: (path, token = tokens.reader) => ask(path, token),
      audit: (id) => {
        const path = `${folder}/data/${id}/audit.ndjson`
        const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : []
        return lines.map((line) => JSON.parse(line) as Tree)
      },
      stop,
      log: () => log,
    })
  } finally {
    await stop()
    for (const sim of sims) await sim.stop()
    stderr.mockRestore()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 400; i++) {
    if (await done()) return
    await Bun.sleep(25)
  }
  throw new Error(`never seen: ${what}`)
}

/** What may have gone wrong with the events of a simulator. */
export const harm = ({ simulator }: Listening) => {
  const { delivered, repeated, corrupted, out_of_order, undelivered }: Account["total"] = simulator.account().total
  return { delivered, repeated, corrupted, out_of_order, undelivered: undelivered.events }
}

/** Times that a feed was opened. */
export const opened = ({ simulator }: Listening): number =>
  simulator.state.requests.filter(({ path }) => path.startsWith("/sensors/entities/datafeed/v1/")).length
