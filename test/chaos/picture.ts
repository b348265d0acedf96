/** Curves over time as an SVG picture, one plot below the other. */

interface Curve {
  readonly name: string
  readonly color: string
  /** One value for each second. */
  readonly values: readonly number[]
}

export interface Plot {
  readonly title: string
  readonly curves: readonly Curve[]
}

const width = 900
const plot_height = 200
const left = 60
const right = 150
const gap = 50

export const picture = (title: string, plots: readonly Plot[]): string => {
  const height = gap + plots.length * (plot_height + gap)
  const body = plots.map((plot, i) => drawPlot(plot, gap + i * (plot_height + gap))).join("\n")
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(left, 22, escaped(title), 'font-size="15"'),
    body,
    "</svg>\n",
  ].join("\n")
}

const drawPlot = ({ title, curves }: Plot, top: number): string => {
  const most = niceAbove(Math.max(1, ...curves.flatMap(({ values }) => values)))
  const seconds = Math.max(1, ...curves.map(({ values }) => values.length - 1))
  const x = (second: number) => left + (second / seconds) * (width - left - right)
  const y = (value: number) => top + plot_height - (value / most) * plot_height
  const levels = [0, 0.25, 0.5, 0.75, 1].map((share) => share * most)
  const lines = levels.map(
    (level) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(level)}" y2="${y(level)}" stroke="#ddd"/>` +
      text(left - 6, y(level) + 4, String(level), 'text-anchor="end"'),
  )
  const drawn = curves.map(({ name, color, values }, i) => {
    const points = values.map((value, second) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`).join(" ")
    return (
      `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="1.5"/>` +
      text(width - right + 8, top + 14 + 18 * i, escaped(name), `fill="${color}"`)
    )
  })
  const axis = text(width - right, top + plot_height + 16, `${seconds} s`, 'text-anchor="end"')
  return [text(left, top - 8, escaped(title)), ...lines, axis, ...drawn].join("\n")
}

const text = (x: number, y: number, content: string, more = ""): string =>
  `<text x="${x}" y="${y}" ${more}>${content}</text>`

/** The next of 1, 2, 4, 8 times a power of ten, so that quarters of it are easy to read. */
const niceAbove = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 4, 8, 10].map((step) => step * power).find((level) => level >= value)!
}

const escaped = (content: string): string =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
