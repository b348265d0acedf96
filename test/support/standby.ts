/** A PostgreSQL with a standby that has every commit before its client hears of it, and a name in front that leads to whichever is the primary. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { command, freePort, type Postgres, postgres, settings } from "./postgres.ts"

export interface Pair extends Postgres {
  /** Kills the primary, makes the standby the primary, and has the name lead to it. */
  readonly failOver: () => Promise<void>
}

/** Of the tests' own server, which is gone after a failover. */
export const pairOfPostgres = async (): Promise<Pair> => {
  const primary = await postgres()
  const { port, host } = new URL(await primary.database())
  const owner = `postgres://owner@${host}/postgres`
  const folder = `${primary.run(owner, "SHOW data_directory")}-standby`
  const standby_port = String(await freePort())
  const name_port = String(await freePort())
  const target = `${folder}.port`
  writeFileSync(target, port)

  const [copy, copy_args] = command("pg_basebackup", ["-D", folder, "-R", "-X", "stream", "-c", "fast", "-d", owner])
  const copied = spawnSync(copy, copy_args, { cwd: "/" })
  if (copied.status !== 0) throw new Error(`pg_basebackup: ${copied.stderr}`)
  const options = settings.flatMap((setting) => ["-c", setting])
  const [server, server_args] = command("postgres", ["-D", folder, "-p", standby_port, "-k", "/tmp", ...options])
  const children: ChildProcess[] = [
    spawn(server, server_args, { cwd: "/", stdio: "ignore" }),
    spawn(process.execPath, [fileURLToPath(new URL("forward.ts", import.meta.url)), name_port, target], {
      stdio: "ignore",
    }),
  ]
  for (const child of children) child.unref()
  process.on("exit", () => {
    for (const child of children) child.kill("SIGQUIT")
  })
  const standby = owner.replace(port, standby_port)
  const until = async (what: string, holds: () => boolean) => {
    for (let tries = 0; tries < 400; tries++) {
      try {
        if (holds()) return
      } catch {
        // It does not listen yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${what} did not come to pass`)
  }
  await until("the standby", () => primary.run(owner, "SELECT count(*) FROM pg_stat_replication") === "1")
  primary.run(owner, "ALTER SYSTEM SET synchronous_standby_names = '*'")
  primary.run(owner, "SELECT pg_reload_conf()")
  await until(
    "synchronous replication",
    () => primary.run(owner, "SELECT sync_state FROM pg_stat_replication") === "sync",
  )
  return {
    ...primary,
    database: async () => (await primary.database()).replace(port, name_port),
    failOver: async () => {
      await primary.stop()
      primary.run(standby, "SELECT pg_promote()")
      writeFileSync(target, standby_port)
    },
  }
}
