/** The table of bounds: read from the files that declare them, since the reason of each is the comment above it. */
import { readdirSync, readFileSync } from "node:fs"

/** The `limits.ts` of every room and plugin, and what stands in a folder `limits/`; the core comes first. */
const files = (): string[] =>
  readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name}`)
    .filter((path) => /\/limits\.ts$|\/limits\/[^/]+\.ts$/.test(path))
    .sort()

/** One group of bounds: an exported object, or a single value. */
const group =
  /(?:^\/\*\*(?<doc>(?:(?!\*\/)[\s\S])*)\*\/\n+)?^export const (?<name>\w+) = (?:\{\n(?<body>[\s\S]*?)^\} as const|(?<value>[^{\n]+))\n/gm

const bound =
  /(?:^ {2}\/\*\*(?<doc>(?:(?!\*\/)[\s\S])*)\*\/\n)?^ {2}(?<key>\w+): (?<value>[\s\S]*?),\n(?= {2}[\w/]|(?![\s\S]))/gm

const oneLine = (text: string): string =>
  text
    .replaceAll(/\n\s*\*? ?/g, " ")
    .replaceAll("|", "\\|")
    .trim()

const row = (key: string, value: string, doc: string): string =>
  `| \`${key}\` | \`${oneLine(value.replaceAll(/^\s*\/\*\*.*\*\/\n/gm, ""))}\` | ${oneLine(doc)} |`

const groupText = ({ doc = "", name = "", body, value = "" }: Readonly<Record<string, string | undefined>>): string => {
  const rows =
    body === undefined
      ? [row(name, value, doc)]
      : [...body.matchAll(bound)].map(({ groups = {} }) => row(groups.key!, groups.value!, groups.doc ?? ""))
  const title = [`### ${name}`, "", ...(body === undefined || doc === "" ? [] : [oneLine(doc), ""])]
  return [...title, "| bound | value | |", "| --- | --- | --- |", ...rows, ""].join("\n")
}

const fileText = (path: string): string => {
  const groups = [...readFileSync(path, "utf8").matchAll(group)]
  return [
    `## ${path.slice("src/".length, -".ts".length)}`,
    "",
    ...groups.map(({ groups = {} }) => groupText(groups)),
  ].join("\n")
}

export const limitsPage = (): string => {
  const intro = [
    "# Bounds",
    "",
    "Everything that is bounded, by the room or the plugin that it belongs to. Names end in the unit. A row without words belongs to the one",
    "above it. None of them is configured; those of the configuration stand in [configuration.md](configuration.md).",
  ]
  return [...intro, "", ...files().map(fileText)].join("\n")
}
