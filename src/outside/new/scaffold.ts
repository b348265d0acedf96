/** The files of a new plugin: an example of an action under another name, its tests, and what an editor needs. */
import { gunzipSync } from "node:zlib"
import { packed } from "./packed.ts" with { type: "macro" }

/** Files by their path in the new folder. `name` is the plugin's id. */
export const scaffold = (name: string): Readonly<Record<string, string>> => {
  const files = JSON.parse(Buffer.from(gunzipSync(Buffer.from(packed(), "base64"))).toString()) as Record<
    string,
    string
  >
  return {
    ...Object.fromEntries(
      Object.entries(files).map(([path, text]) =>
        path.startsWith("types/") ? [path, text] : [path.replace("ping-host", name), renamed(text, name)],
      ),
    ),
    "tsconfig.json": `${JSON.stringify(tsconfig, null, 2)}\n`,
    "README.md": readme(name),
  }
}

const renamed = (text: string, name: string): string => {
  const words = name.split("-")
  const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`
  const camel = words.map((word, at) => (at === 0 ? word : capital(word))).join("")
  return text
    .replaceAll("ping-host", name)
    .replaceAll("ping_host", words.join("_"))
    .replaceAll("pingHost", camel)
    .replaceAll("Ping Host", words.map(capital).join(" "))
}

const tsconfig = {
  compilerOptions: {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "bundler",
    lib: ["ESNext", "DOM"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    paths: {
      effect: ["./types/effect/index.d.ts"],
      "effect/*": ["./types/effect/*.d.ts"],
      zod: ["./types/zod/index.d.ts"],
    },
  },
  include: ["*.ts", "types/akonis-plugin*.d.ts"],
}

const readme = (name: string): string => `# ${name}

A plugin for Akonis. Name it in \`akonis.yaml\`; the path is relative to that file:

    plugins:
      load: [./${name}/${name}.ts]
      ${name}: { hosts_max: 10 }

Try it, and run its tests, without Falcon:

    akonis plugin check ${name}.ts

\`types/\` is for your editor and for \`tsc\`; Akonis does not read it.
`
