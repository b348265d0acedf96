/** The status as lines of a terminal: for `akonis status` once, for `akonis top` again and again. */
import type { PartitionStatus, SharedStatus, StatusReport, TenantStatus } from "../../api/status/schema.ts"
import { oneLine } from "../../core/text.ts"

/** How a text is set off; nothing where colours are not wanted. */
type Paint = (text: string, how: "ok" | "degraded" | "failed" | "dim" | "bold") => string

const codes = { ok: 32, degraded: 33, failed: 31, dim: 2, bold: 1 } as const
const inColour: Paint = (text, how) => `\x1b[${codes[how]}m${text}\x1b[0m`
const plain: Paint = (text) => text

/** Not by colour alone: each state has a sign of its own. */
const signs = { ok: "●", degraded: "▲", failed: "✖" } as const

interface Format {
  readonly columns: number
  readonly colour: boolean
  /** With recent audit lines and inventories. */
  readonly long: boolean
}

/** The lines of a report, each at most `columns` wide. */
export const statusLines = (report: StatusReport, format: Format): readonly string[] => {
  const { columns, colour } = format
  const paint = colour ? inColour : plain
  const { version, uptime_s, status, process, at, read_only } = report
  const head = [
    paint(`akonis ${version}`, "bold"),
    paint(`${signs[status]} ${status}`, status),
    `up ${span(uptime_s)}`,
    `memory ${Math.round(process.rss_bytes / 1e6)} MB`,
    ...(read_only ? ["read only"] : []),
    paint(at.slice(0, 19).replace("T", " ").concat(" UTC"), "dim"),
  ].join("   ")
  const lines = [
    head,
    ...clusterLines(report, paint),
    ...troubleLines(report.shared ?? [], paint, columns),
    ...report.tenants.flatMap((tenant) => [
      "",
      ...tenantLines(tenant, paint, format),
      ...placeLines(report, tenant.id),
    ]),
  ]
  return lines.map((line) => cut(line, columns))
}

/** Every process that is there, and what it has of the tenants. */
const clusterLines = ({ cluster }: StatusReport, paint: Paint): string[] => {
  if (cluster === undefined) return []
  const { process, processes, units, trouble } = cluster
  const lines = processes.map((one) => {
    const own = units.filter((unit) => unit.process === one.process && unit.seen_s !== null)
    const events = own.reduce((sum, { events_per_s }) => sum + (events_per_s ?? 0), 0)
    const here = one.process === process ? ", which answers" : ""
    const work = one.works ? `${counted(own.length, "unit")}   ${rate(events)} events/s` : "takes no units"
    return `process ${one.process}${here}: ${work}   last sign ${span(one.seen_s)} ago`
  })
  const ownerless = units.filter(({ seen_s }) => seen_s === null)
  return [
    ...(trouble === "" ? [] : [paint(`${signs.failed} ${oneLine(trouble)}`, "failed")]),
    ...lines,
    ...ownerless.map((unit) =>
      paint(`${signs.degraded} ${unit.tenant}/${unit.plugin}: its process ${unit.process} is gone`, "degraded"),
    ),
  ]
}

/** Where the work of a tenant is done. */
const placeLines = ({ cluster }: StatusReport, tenant: string): string[] =>
  (cluster?.units ?? [])
    .filter((unit) => unit.tenant === tenant && unit.seen_s !== null)
    .map(({ plugin, process, since, events_per_s }) => {
      const here = process === cluster!.process ? "here, " : ""
      return `${plugin} runs ${here}on ${process} since ${since.slice(0, 19).replace("T", " ")} UTC   ${rate(events_per_s ?? 0)} events/s`
    })

const tenantLines = (tenant: TenantStatus, paint: Paint, { columns, long }: Format): string[] => {
  const { id, status, partitions, destination, dead_letters, plugins, enrichment, budget, approvals_waiting } = tenant
  return [
    `${paint(`${signs[status]} tenant ${id}`, "bold")}   ${rate(tenant.events_per_s)} events/s`,
    ...folded(destinationText(destination), columns),
    ...(partitions.length === 0 ? [] : partitionLines(partitions, paint, columns)),
    [
      `dead letters ${dead_letters.pending}${reasons(dead_letters.by_reason)}`,
      ...(enrichment.open + enrichment.enriched + enrichment.dead_lettered === 0
        ? []
        : [
            `enrichment ${enrichment.open} open, ${enrichment.enriched} done, ${enrichment.dead_lettered} dead-lettered`,
          ]),
      ...(budget === null ? [] : [`budget ${budget.remaining} of ${budget.limit} requests a minute`]),
      ...(approvals_waiting === 0 ? [] : [`approvals waiting ${approvals_waiting}`]),
    ].join("   "),
    ...troubleLines(plugins, paint, columns),
    ...(long ? [...assetLines(tenant), ...auditLines(tenant, paint)] : []),
  ]
}

/** What is not well, with the reason. */
const troubleLines = (reports: readonly SharedStatus[], paint: Paint, columns: number): string[] =>
  reports
    .filter(({ status }) => status !== "ok")
    .flatMap(({ id, status, detail }) =>
      folded(`${signs[status]} ${id}: ${oneLine(detail)}`, columns).map((line) => paint(line, status)),
    )

const destinationText = (destination: TenantStatus["destination"]): string => {
  if (destination === null) return "nothing is delivered"
  const { name, posts_per_s, p50_ms, p95_ms, failed } = destination
  const times = p50_ms === null ? "" : `, half within ${Math.round(p50_ms)} ms, 95 % within ${Math.round(p95_ms!)} ms`
  const failures = Object.entries(failed).map(([reason, count]) => `${count} × ${reason}`)
  return `${oneLine(name)}: ${rate(posts_per_s)} posts/s${times}${failures.length === 0 ? "" : `; failed: ${failures.join(", ")}`}`
}

const header = ["PARTITION", "STATE", "EVENTS/S", "LAG", "READ", "COMMITTED", "DEAD"]
const widths = [9, 14, 9, 11, 13, 13, 5] as const
/** What the table takes without the details: 80. */
const table_columns = widths.reduce((sum, width) => sum + width, widths.length - 1)
/** Where fewer columns than this are left for details, they stand below the table alone, with the plugin. */
const detail_columns_min = 40

const partitionLines = (partitions: readonly PartitionStatus[], paint: Paint, columns: number): string[] => {
  const beside = columns >= table_columns + detail_columns_min
  return [
    paint(row(beside ? [...header, "DETAIL"] : header), "dim"),
    ...partitions.map((one) => {
      const cells = [
        one.partition,
        `${signs[one.status]} ${one.state}`,
        rate(one.events_per_s),
        one.lag_s === null ? "-" : span(one.lag_s),
        String(one.read_offset ?? "-"),
        String(one.committed_offset ?? "-"),
        String(one.dead_letters),
      ]
      if (one.status === "ok") return row(cells)
      return paint(row(beside ? [...cells, oneLine(one.detail)] : cells), one.status)
    }),
  ]
}

/** Words to the left, numbers to the right. */
const row = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : i < widths.length ? cell.padStart(widths[i]!) : `  ${cell}`))
    .join(" ")
    .trimEnd()

const assetLines = ({ assets }: TenantStatus): string[] =>
  assets.map(
    ({ plugin, known, sent, skipped, cycles_done, cycles_failed }) =>
      `${plugin}: ${known ?? 0} known, ${sent} sent, ${skipped} left out; cycles: ${cycles_done} done, ${cycles_failed} failed`,
  )

const auditLines = ({ audit }: TenantStatus, paint: Paint): string[] =>
  audit
    .slice(0, 5)
    .map(({ at, who, action, outcome, ids }) =>
      paint(oneLine(`${at.slice(11, 19)} ${who} ${action} (${counted(ids, "id")}): ${outcome}`), "dim"),
    )

const reasons = (by_reason: Readonly<Record<string, number>>): string => {
  const parts = Object.entries(by_reason).map(([reason, count]) => `${count} ${reason}`)
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

const rate = (per_s: number): string => (per_s >= 100 ? String(Math.round(per_s)) : per_s.toFixed(1))

const span = (seconds: number): string => {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that `inColour` writes.
const painted = /(\x1b\[\d+m)/

/** Cut to a width; sequences that paint take none. */
const cut = (line: string, columns: number): string => {
  let left = columns
  return line
    .split(painted)
    .map((part) => {
      if (painted.test(part)) return part
      const shown = [...part].slice(0, Math.max(0, left)).join("")
      left -= [...part].length
      return shown
    })
    .join("")
}

/** A reason takes no more lines than this, so that those of others stay on the screen. */
const folded_lines_max = 6

/** A text broken between words into lines of a width; what follows the first is set in. */
const folded = (text: string, columns: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last === undefined) lines.push(word)
    else if ([...last].length + 1 + [...word].length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`  ${word}`)
  }
  if (lines.length <= folded_lines_max) return lines
  return [...lines.slice(0, folded_lines_max - 1), "  …"]
}
