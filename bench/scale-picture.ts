/**
 * `bun bench/scale-picture.ts FILE`: draws the curves of `bench:scale --json` into `docs/scaling.svg`, over the number of tenants. How old events
 * are is left out: that is as much about what else the machine did.
 */
import { readFileSync, writeFileSync } from "node:fs"
import type { ScaleRun } from "./scale-run.ts"

const [file] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write("name the file that `bun run bench:scale --json` has written\n")
  process.exit(2)
}
const { curve, rate } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly curve: readonly ScaleRun[]
  readonly rate: number
}

const panel = { width: 360, height: 180, left: 48, right: 12, top: 30, bottom: 26 } as const

interface Line {
  readonly title: string
  readonly of: (run: ScaleRun) => number
}

const lines: readonly Line[] = [
  { title: "CPU of an event, µs", of: (run) => run.cpu_us_per_event },
  { title: "memory, MB", of: (run) => run.rss_mb },
  { title: "sockets", of: (run) => run.sockets },
  { title: "requests a minute", of: (run) => run.requests_per_minute },
]

/** A number that reads well at the top of an axis: 1, 2 or 5 with zeros behind. */
const ceiling = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power
}

const draw = ({ title, of }: Line, at: number): string => {
  const most = ceiling(Math.max(...curve.map(of)))
  const widest = Math.log10(Math.max(10, ...curve.map(({ tenants }) => tenants)))
  const x = (tenants: number) => panel.left + (Math.log10(tenants) / widest) * (panel.width - panel.left - panel.right)
  const y = (value: number) => panel.top + (1 - value / most) * (panel.height - panel.top - panel.bottom)
  const points = curve.map((run) => [x(run.tenants), y(of(run))].map((n) => n.toFixed(1)) as [string, string])
  const floor = panel.height - panel.bottom
  return [
    `<g transform="translate(${(at % 2) * panel.width} ${Math.floor(at / 2) * panel.height})">`,
    `<text x="${panel.left}" y="18" font-weight="bold">${title}</text>`,
    `<path d="M${panel.left} ${panel.top}V${floor}H${panel.width - panel.right}" fill="none" stroke="#888"/>`,
    `<text x="${panel.left - 4}" y="${panel.top + 4}" text-anchor="end">${most}</text>`,
    `<text x="${panel.left - 4}" y="${floor}" text-anchor="end">0</text>`,
    ...curve.map((run, i) => `<text x="${points[i]![0]}" y="${floor + 14}" text-anchor="middle">${run.tenants}</text>`),
    `<polyline points="${points.map((point) => point.join(",")).join(" ")}" fill="none" stroke="#0969da" stroke-width="2"/>`,
    ...points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="#0969da"/>`),
    "</g>",
  ].join("\n")
}

const [width, height] = [2 * panel.width, 2 * panel.height + 20]
writeFileSync(
  "docs/scaling.svg",
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    "<title>What tenants of one process cost</title>",
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...lines.map(draw),
    `<text x="${width / 2}" y="${height - 6}" text-anchor="middle">tenants in one process, ${rate} events a second in all</text>`,
    "</svg>\n",
  ].join("\n"),
)
