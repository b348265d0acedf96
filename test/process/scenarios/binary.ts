/** The executable where nothing is: no variable but its settings, and a folder that wants to be part of it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { type Lab, type Outcome, withCompiledLab } from "../harness.ts"

/** Fills a folder with what Bun would read by itself: each of the files says so when it is used. */
const makeHostile = (folder: string): void => {
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(`${folder}/trapped`)}, "")`
  writeFileSync(`${folder}/trap.js`, trap)
  writeFileSync(`${folder}/bunfig.toml`, 'preload = ["./trap.js"]\n[run]\npreload = ["./trap.js"]\n')
  // Neither name means anything: a start that saw one of them would be refused.
  for (const name of [".env", ".env.local", ".env.production"]) writeFileSync(`${folder}/${name}`, "AKONIS_TRAP=1\n")
  writeFileSync(`${folder}/package.json`, '{ "name": "trap", "type": "commonjs", "imports": { "#x": "./trap.js" } }')
  writeFileSync(`${folder}/tsconfig.json`, '{ "compilerOptions": { "paths": { "effect": ["./trap.js"] } } }')
  mkdirSync(`${folder}/node_modules/effect`, { recursive: true })
  writeFileSync(`${folder}/node_modules/effect/index.js`, trap)
}

export interface Alone extends Outcome {
  readonly is_trapped: boolean
  readonly check: { readonly status: number; readonly failed: readonly unknown[]; readonly rows: number }
  readonly action: { readonly http_status: number; readonly outcome: unknown }
  readonly called: { readonly status: number; readonly outcome: unknown }
  readonly health: Readonly<Record<string, unknown>>
  /** Exit status of `akonis health`, for a process that is well and for a port on which nobody listens. */
  readonly healthcheck: { readonly of_ours: number; readonly of_nobody: number }
  readonly build_info: string | undefined
}

/** Delivery, an action over HTTP, one from the shell, and `check`, all in a hostile folder. */
export const alone = (events: number): Promise<Alone> =>
  withCompiledLab(async (lab) => {
    const data_dir = lab.folder()
    const cwd = dirname(data_dir)
    makeHostile(cwd)
    const simulated = await lab.simulate({ seed: 3, partitions: 2, events_per_partition: events / 2 })
    const env = lab.env(simulated, data_dir)
    // A tenant of its own: `check` asks for scopes by requests that change nothing because they are wrong.
    const other = await lab.simulate({ seed: 4, events_per_partition: 1 })
    const checked = await lab.command(["check", "--json"], lab.env(other, lab.folder()), cwd)
    const rows = JSON.parse(checked.stdout.toString()) as readonly { readonly status: string }[]
    const running = await lab.work(simulated, { data_dir, command: "run" })
    const args = { limit: 1 }
    const { http_status, text } = await running.act("query_devices_by_filter", args)
    const call = ["call", "query_devices_by_filter", "--args", JSON.stringify(args), "--json"]
    const called = await lab.command(call, env, cwd)
    const health = await running.health()
    const { port } = new URL(running.url)
    const asked = async (port: string) => (await lab.command(["health"], { ...env, AKONIS_PORT: port }, cwd)).status
    const healthcheck = { of_ours: await asked(port), of_nobody: await asked("1") }
    const metrics = await running.metrics()
    const books = await lab.finish(simulated, running, 60_000)
    return {
      ...books,
      is_trapped: existsSync(`${cwd}/trapped`),
      check: { status: checked.status, failed: rows.filter(({ status }) => status === "failed"), rows: rows.length },
      action: { http_status, outcome: outcomeOf(text) },
      called: { status: called.status, outcome: outcomeOf(called.stdout.toString()) },
      health: { ...health },
      healthcheck,
      build_info: metrics.split("\n").find((line) => line.startsWith("akonis_build_info{")),
    }
  })

const outcomeOf = (json: string): unknown => (JSON.parse(json) as { readonly outcome?: unknown }).outcome

/** What a command of the executable prints, with no environment at all. */
export const printed = (...args: readonly string[]): Promise<string> =>
  withCompiledLab(async (lab: Lab) => {
    const { status, stdout, stderr } = await lab.command(args, {})
    if (status !== 0) throw new Error(`akonis ${args.join(" ")} ended with ${status}: ${stderr}`)
    return stdout.toString()
  })
