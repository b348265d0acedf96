/** Everything an operator can get wrong at the start: each has to end with one message that helps. */
import { mkdirSync, writeFileSync } from "node:fs"
import type { Status } from "../child.ts"
import { type Env, type Lab, withLab } from "../harness.ts"
import type { Simulated } from "../simulated.ts"

export interface Refusal {
  readonly mistake: string
  readonly status: Status
  readonly status_asked: Status
  /** Everything printed that a reader needs and did not find. */
  readonly unsaid: readonly string[]
  /** Messages of ours: one is asked for. */
  readonly messages: number
  readonly has_stack: boolean
  readonly printed: string
}

interface Mistake {
  readonly mistake: string
  readonly args?: readonly string[]
  readonly env?: Env
  /** Content of the configuration file. */
  readonly file?: string
  readonly status: Status
  /** What the message has to hold. */
  readonly names: readonly string[]
}

const key_file = "settings.yaml"

const mistakesOf = (simulated: Simulated, blocked: string, used: string): readonly Mistake[] => [
  { mistake: "unknown key", file: "data_dri: x", status: 2, names: [key_file, "data_dri", "data_dir"] },
  {
    mistake: "unknown key of a plugin",
    file: "plugins: { event-stream: { batch_size: 5 } }",
    status: 2,
    names: [key_file, "plugins.event-stream.batch_size", "batch_events_max"],
  },
  {
    mistake: "unknown plugin",
    file: "plugins: { evnt-stream: {} }",
    status: 2,
    names: [key_file, "evnt-stream", "event-stream"],
  },
  { mistake: "no YAML", file: "plugins: [", status: 2, names: [key_file, "YAML"] },
  { mistake: "missing file", args: ["worker", "--config", "absent.yaml"], status: 2, names: ["absent.yaml"] },
  {
    mistake: "missing secret",
    env: { FALCON_CLIENT_SECRET: "" },
    status: 2,
    names: ["client_secret", "FALCON_CLIENT_SECRET", "FALCON_CLIENT_SECRET_FILE"],
  },
  {
    mistake: "missing intake key",
    env: { SEKOIA_INTAKE_KEY: "" },
    status: 2,
    names: ["plugins.event-stream.intake_key", "SEKOIA_INTAKE_KEY"],
  },
  { mistake: "bad Falcon URL", env: { FALCON_BASE_URL: "falcon" }, status: 2, names: ["base_url", "FALCON_BASE_URL"] },
  {
    mistake: "bad intake URL",
    env: { SEKOIA_INTAKE_URL: "ftp://intake" },
    status: 2,
    names: ["intake_url", "SEKOIA_INTAKE_URL", "https://"],
  },
  { mistake: "no port", env: { AKONIS_PORT: "eighty" }, status: 2, names: ["server.port", "AKONIS_PORT", "number"] },
  {
    mistake: "port in use",
    env: { AKONIS_PORT: new URL(simulated.url).port },
    status: 2,
    names: ["server.port", "in use", "AKONIS_PORT"],
  },
  { mistake: "a file in place of data_dir", env: { AKONIS_DATA_DIR: blocked }, status: 1, names: [blocked] },
  { mistake: "data_dir below a file", env: { AKONIS_DATA_DIR: `${blocked}/data` }, status: 1, names: [blocked] },
  { mistake: "two processes on one data_dir", env: { AKONIS_DATA_DIR: used }, status: 1, names: [used, "another"] },
  { mistake: "unknown flag", args: ["worker", "--prot", "80"], status: 2, names: ["--prot"] },
  { mistake: "unknown command", args: ["wroker"], status: 2, names: ["wroker"] },
]

/** Makes every mistake once. */
export const refusals = (): Promise<readonly Refusal[]> =>
  withLab(async (lab) => {
    const simulated = await lab.simulate({ events_per_partition: 10 })
    const blocked = `${lab.folder()}/file`
    writeFileSync(blocked, "")
    const { data_dir: used } = await lab.work(simulated)
    const seen: Refusal[] = []
    for (const mistake of mistakesOf(simulated, blocked, used)) seen.push(await make(lab, simulated, mistake))
    return seen
  })

const make = async (lab: Lab, simulated: Simulated, mistake: Mistake): Promise<Refusal> => {
  const cwd = lab.folder()
  const data_dir = `${cwd}/data`
  mkdirSync(data_dir)
  if (mistake.file !== undefined) writeFileSync(`${cwd}/${key_file}`, mistake.file)
  const args = mistake.args ?? (mistake.file === undefined ? ["worker"] : ["worker", "--config", key_file])
  const ended = await lab.command(args, lab.env(simulated, data_dir, mistake.env), cwd)
  const printed = `${ended.stdout}${ended.stderr}`
  return {
    mistake: mistake.mistake,
    status: ended.status,
    status_asked: mistake.status,
    unsaid: mistake.names.filter((name) => !printed.includes(name)),
    messages: printed.split("\n").filter((line) => /^akonis: |^ERROR/.test(line)).length,
    has_stack: /^ {4}at /m.test(printed),
    printed,
  }
}
