/** Deployments of a part: a server and a worker beside each other, and commands that use a part of the configuration. */
import { writeFileSync } from "node:fs"
import { endWith } from "../child.ts"
import { type Env, type Lab, type Outcome, secrets, withCompiledLab } from "../harness.ts"
import type { Worker } from "../worker.ts"

export interface Beside extends Outcome {
  /** Plugins that each names in its health. */
  readonly health: { readonly serve: readonly string[]; readonly worker: readonly string[] }
  /** What each answers to an action. */
  readonly acted: { readonly serve: number; readonly worker: number }
  /** Exit status and last words of a second one of each, and of a process that would be both. */
  readonly second: Readonly<Record<"serve" | "worker" | "run", { readonly status: number; readonly said: string }>>
  readonly serve_status: number
}

/** A server without an intake key and a worker, on one data folder; then a second one of each. */
export const besideEachOther = (events: number): Promise<Beside> =>
  withCompiledLab(async (lab) => {
    const simulated = await lab.simulate({ seed: 7, events_per_partition: events })
    const data_dir = lab.folder()
    const serve = await lab.work(simulated, { data_dir, command: "serve", env: { SEKOIA_INTAKE_KEY: "" } })
    const worker = await lab.work(simulated, { data_dir })
    const second = async (command: string) => {
      const { status, stderr } = await lab.command([command], lab.env(simulated, data_dir))
      return { status, said: stderr.trim().split("\n").at(-1)! }
    }
    const acted = async (one: Worker) =>
      (await one.act("get_online_state", { ids: ["0123456789abcdef0123456789abcdef"] })).http_status
    const pluginsOf = async (one: Worker) => Object.keys((await one.health()).plugins)
    const seen = {
      health: { serve: await pluginsOf(serve), worker: await pluginsOf(worker) },
      acted: { serve: await acted(serve), worker: await acted(worker) },
      second: { serve: await second("serve"), worker: await second("worker"), run: await second("run") },
    }
    const books = await lab.finish(simulated, worker, 60_000)
    const { status } = await endWith(serve.child, "SIGTERM")
    return { ...books, ...seen, serve_status: status }
  })

export interface Partial {
  readonly what: string
  readonly status: number
  readonly printed: string
}

/** Commands with nothing but what they use, on a folder whose `cache.json` is damaged. */
export const withoutTheRest = (): Promise<readonly Partial[]> =>
  withCompiledLab(async (lab) => {
    const simulated = await lab.simulate({ events_per_partition: 1 })
    const data_dir = lab.folder()
    writeFileSync(`${data_dir}/cache.json`, "{ torn")
    const files: Env = { AKONIS_DATA_DIR: data_dir }
    const falcon: Env = {
      ...files,
      FALCON_BASE_URL: simulated.url,
      FALCON_CLIENT_ID: "simulated-client",
      FALCON_CLIENT_SECRET: secrets.client_secret,
    }
    const ids = '{"ids":["0123456789abcdef0123456789abcdef"]}'
    const commands: readonly (readonly [string, readonly string[], Env])[] = [
      ["an action without an intake key", ["call", "isolate_endpoints", "--args", ids, "--dry-run"], falcon],
      ["dead letters without credentials", ["dead-letters", "list"], files],
      ["approvals without credentials", ["approvals", "list"], files],
      ["a purge without credentials", ["dead-letters", "purge"], files],
      ["a server of nothing", ["serve"], { ...falcon, AKONIS_PLUGINS: "event-stream" }],
      ["a worker of nothing", ["worker"], { ...falcon, AKONIS_PLUGINS: "hosts" }],
      ["a variable that means nothing", ["dead-letters", "list"], { ...files, AKONIS_DATADIR: data_dir }],
    ]
    return Promise.all(commands.map(([what, args, env]) => run(lab, what, args, env)))
  })

const run = async (lab: Lab, what: string, args: readonly string[], env: Env): Promise<Partial> => {
  const { status, stdout, stderr } = await lab.command(args, env)
  return { what, status, printed: `${stdout}${stderr}`.trim() }
}
