/**
 * Bundles the dashboard into `src/api/dashboard-files.ts`: two texts, which every runtime and the executable take as they are. A test
 * builds again and compares; `bun run dashboard` writes the file anew.
 */
import { writeFileSync } from "node:fs"

const root = `${import.meta.dir}/..`
const path = `${root}/src/api/dashboard-files.ts`

const bundled = async (entry: string): Promise<string> => {
  const { outputs } = await Bun.build({
    entrypoints: [`${root}/src/dashboard/${entry}`],
    target: "browser",
    format: "esm",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  })
  return outputs[0]!.text()
}

/** The file as the sources make it. */
export const dashboardFiles = async (): Promise<string> => {
  const texts = { script: await bundled("main.tsx"), style: await bundled("style.css") }
  const lines = Object.entries(texts).map(([name, text]) => `export const ${name} =\n  ${JSON.stringify(text)}\n`)
  return `/** Made by \`bun run dashboard\` from \`src/dashboard\`. Do not edit. */\n${lines.join("\n")}`
}

if (import.meta.main) {
  const text = await dashboardFiles()
  writeFileSync(path, text)
  process.stdout.write(`src/api/dashboard-files.ts: ${(text.length / 1_000).toFixed(0)} kB\n`)
}
