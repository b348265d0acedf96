/**
 * A PostgreSQL of the tests' own: on a free port of loopback, in a folder of its own, started once a process and ended with it. Each caller
 * gets an empty database.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"

/** Where Debian puts each version, and where others put the one they have. */
const folders = (): readonly string[] => {
  const root = "/usr/lib/postgresql"
  const versions = existsSync(root) ? readdirSync(root).toSorted((one, other) => Number(other) - Number(one)) : []
  return [...versions.map((version) => `${root}/${version}/bin`), ...(process.env.PATH ?? "").split(":")]
}

const binaries = folders().find((folder) => existsSync(`${folder}/postgres`) && existsSync(`${folder}/initdb`))

/** Whether tests with a database are to run: in continuous integration they fail where there is none. */
export const has_postgres = binaries !== undefined || process.env.CI === "true"

/** What a test that is left out says. */
export const no_postgres = "(skipped: no PostgreSQL here; apt-get install postgresql)"

export interface Postgres {
  /** An empty database, as an owner that may do everything. */
  readonly database: () => Promise<string>
  /** Carries out statements as the owner of the server. */
  readonly run: (url: string, statements: string) => string
  /** The process that all others of the server are children of. */
  readonly pid: () => number
  /** Freezes, ends and starts the server. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

let running: Promise<Postgres> | undefined

/** The server of this process. */
export const postgres = (): Promise<Postgres> => {
  running ??= startPostgres()
  return running
}

/** PostgreSQL refuses to run as root. It ends with this process, however that ends: `bun test` tells nobody that it does. */
const asUser = (command: readonly string[]): readonly [string, readonly string[]] => {
  const user = process.getuid?.() === 0 ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
  return ["setpriv", [...user, "--pdeathsig=QUIT", ...command]]
}

/** A program of PostgreSQL, as a user that it accepts. */
export const command = (program: string, args: readonly string[]) => asUser([`${binaries}/${program}`, ...args])

/** Of a server of the tests. */
export const settings = [
  "fsync=off",
  "full_page_writes=off",
  "max_connections=200",
  "shared_buffers=16MB",
  "listen_addresses=127.0.0.1",
]

const startPostgres = async (): Promise<Postgres> => {
  if (binaries === undefined) throw new Error("there is no PostgreSQL here: apt-get install postgresql")
  const folder = mkdtempSync(`${tmpdir()}/akonis-postgres-`)
  const data = `${folder}/data`
  if (process.getuid?.() === 0) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, "postgres"]).stdout.toString()))
    chownSync(folder, uid!, gid!)
  }
  const flags = ["-D", data, "-A", "trust", "-U", "owner", "-N", "-E", "UTF8", "--locale=C"]
  const [initdb, initdb_args] = command("initdb", flags)
  const made = spawnSync(initdb, initdb_args, { cwd: "/" })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const url = `postgres://owner@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined
  let count = 0

  const run = (at: string, statements: string): string => {
    const { status, stdout, stderr } = spawnSync(`${binaries}/psql`, [
      "-XAtq",
      "-v",
      "ON_ERROR_STOP=1",
      "-c",
      statements,
      at,
    ])
    if (status !== 0) throw new Error(`psql: ${stderr}`)
    return stdout.toString().trim()
  }
  const start = async () => {
    const options = settings.flatMap((setting) => ["-c", setting])
    const [program, args] = command("postgres", ["-D", data, "-p", String(port), "-k", folder, ...options])
    server = spawn(program, args, { cwd: "/", stdio: "ignore" })
    server.unref()
    for (let tries = 0; ; tries++) {
      const { status } = spawnSync(`${binaries}/pg_isready`, ["-q", "-d", url])
      if (status === 0) return
      if (tries > 200) throw new Error("PostgreSQL does not start")
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const stop = async () => {
    const ended = new Promise((resolve) => server?.once("exit", resolve))
    server?.kill("SIGQUIT")
    await ended
  }
  process.on("exit", () => {
    server?.kill("SIGQUIT")
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    run,
    pid: () => server!.pid!,
    start,
    stop,
    database: async () => {
      const name = `test_${++count}`
      run(url, `CREATE DATABASE ${name}`)
      return url.replace(/postgres$/, name)
    },
  }
}

/** A port of loopback that nobody listens on now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { readonly port: number }
      probe.close(() => resolve(port))
    })
  })
