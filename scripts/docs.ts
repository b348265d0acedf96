/**
 * Writes the reference pages below `docs/reference/`, and the licences that the executable shows, from the declarations: configuration keys from their schemas, metrics
 * from their tables, bounds from the files that declare them. `--check` only compares, for the test that keeps them fresh.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { z } from "zod"
import type { AnyAction } from "../src/core/actions/action.ts"
import { bare, notesOf } from "../src/core/config/read.ts"
import { credentials, general } from "../src/core/config/schema.ts"
import { metrics } from "../src/core/telemetry/metrics.ts"
import { plugins } from "../src/plugins/index.ts"
import { licences } from "./licences.ts"
import { limitsPage } from "./limits-page.ts"

type Shape = Readonly<Record<string, z.ZodType>>

const notice = "<!-- Made by `bun scripts/docs.ts` from the declarations in the code. Do not edit. -->\n"

/** Every page: path and text. */
export const pages = (): Readonly<Record<string, string>> => ({
  "docs/reference/configuration.md": configuration(),
  "docs/reference/metrics.md": metricsPage(),
  "docs/reference/actions.md": actionsPage(),
  "docs/reference/limits.md": `${notice}\n${limitsPage()}`,
  "src/licences.json": licences(),
})

const configuration = (): string => {
  const sections = [
    section("Top level", { ...credentials, ...general }),
    ...plugins.map((plugin) => {
      const on = plugin.enabled_by_default ? "on" : "off"
      const scopes = plugin.scopes.length === 0 ? "" : ` Scopes: ${plugin.scopes.join(", ")}.`
      const by_env = plugin.enabled_by_env === undefined ? "" : ` \`${plugin.enabled_by_env}=true\` switches it on.`
      const text = `${plugin.title} ${capital(on)} by default.${by_env}${scopes}`
      return section(`plugins.${plugin.id}`, plugin.config.shape, text)
    }),
  ]
  const intro = [
    "# Configuration",
    "",
    "One YAML file: `akonis.yaml` in the working directory, `--config FILE` or `AKONIS_CONFIG`. The environment wins over the",
    "file. A key marked *secret* may also be given as `<key>_file`, and its variable as `<VARIABLE>_FILE`; the file is read again",
    "when it changes. Unknown keys stop the start. `tenants` holds a list of `{ id, client_id, …, plugins }` in place of the",
    "top-level credentials; what a tenant does not say falls back to the top level. `plugins.only`, or `AKONIS_PLUGINS=hosts,iocs`,",
    "names the plugins that are on, and no others are. `plugins.<name>.enabled` switches one on or off. A command asks only for the keys",
    "that it uses: actions need none of Sekoia's, looking at dead letters needs no credentials. Variables that begin with `AKONIS_` or",
    "`FALCON_` and mean nothing stop the start, with the nearest name. `AKONIS_TOKEN` (or `AKONIS_TOKEN_FILE`) adds a caller of role admin.",
    "`plugins.load` is a list of files with plugins from outside, relative to this file: see [plugins.md](../plugins.md).",
  ]
  return `${notice}\n${[...intro, "", ...sections].join("\n")}`
}

const section = (title: string, shape: Shape, text = ""): string => {
  const rows = rowsOf(shape, "")
  const head = ["| key | variable | default | |", "| --- | --- | --- | --- |"]
  return [
    `## ${title}`,
    "",
    ...(text === "" ? [] : [text, ""]),
    ...(rows.length === 0 ? ["No keys."] : [...head, ...rows]),
    "",
  ].join("\n")
}

const rowsOf = (shape: Shape, path: string): string[] =>
  Object.entries(shape).flatMap(([key, schema]) => {
    const name = path === "" ? key : `${path}.${key}`
    const inner = bare(schema)
    if (inner instanceof z.ZodObject) return rowsOf(inner.shape as Shape, name)
    const element = inner instanceof z.ZodArray ? bare(inner.element as z.ZodType) : undefined
    const nested = element instanceof z.ZodObject ? rowsOf(element.shape as Shape, `${name}[]`) : []
    return [row(name, schema), ...nested]
  })

const row = (name: string, schema: z.ZodType): string => {
  const { env, secret, description = "" } = notesOf(schema)
  const inner = bare(schema)
  const choices =
    inner instanceof z.ZodEnum ? ` One of ${inner.options.map((option) => `\`${String(option)}\``).join(", ")}.` : ""
  const cells = [
    `\`${name}\`${secret ? " *secret*" : ""}`,
    env === undefined ? "" : `\`${env}\``,
    defaultOf(schema),
    `${description}${choices}`,
  ]
  return `| ${cells.join(" | ")} |`
}

const defaultOf = (schema: z.ZodType): string => {
  // A key that is not there: one that may be left out need not bear `undefined`.
  const parsed = z.object({ key: schema }).safeParse({})
  if (!parsed.success) return "required"
  const { key } = parsed.data
  return key === undefined ? "" : `\`${JSON.stringify(key)}\``
}

const metricsPage = (): string => {
  const tables = [metrics, ...plugins.map((plugin) => plugin.metrics ?? {})]
  const rows = tables
    .flatMap(Object.values)
    .map((metric) => `| \`${metric.id}\` | ${metric.type.toLowerCase()} | ${metric.description ?? ""} |`)
  const intro = [
    "# Metrics",
    "",
    "`GET /metrics`, Prometheus text. Metrics have the label `tenant` where nothing else is said; those of the streams have `partition` too.",
    "Beside them stand `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_start_time_seconds` and, on Linux,",
    "`process_open_fds`, and `akonis_log_lines_lost_total`: log lines that standard error did not take. Alert rules and a Grafana dashboard:",
    "`deploy/prometheus/`, `deploy/grafana/`.",
  ]
  return `${notice}\n${[...intro, "", "| name | kind | |", "| --- | --- | --- |", ...rows, ""].join("\n")}`
}

const actionsPage = (): string => {
  const intro = [
    "# Actions",
    "",
    "`POST /actions/<slug>` with the arguments as JSON, `akonis call <slug> --args …`, or the MCP tool of the same name. The alias (the",
    "Python module's docker parameter) works in place of the slug. Lists longer than Falcon takes in one call are split and merged.",
    "*changes* means that something in Falcon changes: such an action is refused in read-only mode and leaves a line in the audit log.",
  ]
  const sections = plugins.flatMap((plugin) =>
    plugin.actions.length === 0 ? [] : [actionsOf(plugin.id, plugin.title, plugin.actions)],
  )
  return `${notice}\n${[...intro, "", ...sections].join("\n")}`
}

const actionsOf = (id: string, title: string, actions: readonly AnyAction[]): string =>
  [`## ${id}`, "", title, "", ...actions.map(actionText)].join("\n")

const actionText = (action: AnyAction): string => {
  const traits = [
    ...(action.changes ? ["changes"] : ["reads"]),
    ...(action.destructive ? ["destructive"] : []),
    ...(action.idempotent ? ["idempotent"] : ["not idempotent"]),
    ...(action.per_call === undefined ? [] : [`${action.per_call} per call`]),
  ]
  const retired =
    action.retired === undefined
      ? []
      : [`Withdrawn by CrowdStrike on ${action.retired.since}; successor: ${action.retired.successor}.`, ""]
  return [
    `### ${action.slug}`,
    "",
    `${action.title}. ${action.description}`,
    "",
    ...retired,
    `Alias \`${action.alias}\`; ${traits.join(", ")}; scopes: ${action.scopes.join(", ")}.`,
    "",
    "| argument | | default | |",
    "| --- | --- | --- | --- |",
    ...Object.entries(action.arguments.shape as Shape).map(([name, schema]) => argumentRow(name, schema)),
    "",
    "```json",
    JSON.stringify(action.example),
    "```",
    "",
  ].join("\n")
}

const argumentRow = (name: string, schema: z.ZodType): string => {
  const inner = bare(schema)
  const choices =
    inner instanceof z.ZodEnum ? ` One of ${inner.options.map((option) => `\`${String(option)}\``).join(", ")}.` : ""
  const fallback = defaultOf(schema)
  const needed = fallback === "required" ? fallback : ""
  const { description = "" } = notesOf(schema)
  return `| \`${name}\` | ${needed} | ${needed === "" ? fallback : ""} | ${description.replaceAll("|", "\\|")}${choices} |`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Paths of pages that are not what the declarations say. */
export const stale = (): string[] => {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8")
    } catch {
      return ""
    }
  }
  return Object.entries(pages()).flatMap(([path, text]) => (read(path) === text ? [] : [path]))
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    for (const path of stale()) process.stderr.write(`${path} is stale: run \`bun run docs\`\n`)
    process.exit(stale().length === 0 ? 0 : 1)
  }
  for (const [path, text] of Object.entries(pages())) writeFileSync(path, text)
}
