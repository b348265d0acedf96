/** What a reader of this code relies on, as tests. */
import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { stale } from "../scripts/docs.ts"
import { mutants } from "./mutants/all.ts"
import { broken } from "./mutants/copy.ts"
import { seeds } from "./mutants/mutant.ts"

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`)
    .sort()

const isTest = (path: string): boolean => path.endsWith(".test.ts")
const read = (path: string): string => readFileSync(path, "utf8")
/** The modules a file imports from within the project, as paths from its root. */
const imports = (path: string): string[] =>
  [...read(path).matchAll(/from "(\.[^"]+)"/g)].map(([, target]) =>
    new URL(target!, `file:///${path}`).pathname.slice(1),
  )
/** Those of them that are there when the program runs. */
const importsOfValues = (path: string): string[] =>
  [...read(path).matchAll(/^(?:import|export) (?!type )[^"]*?from "(\.[^"]+)"/gms)].map(([, target]) =>
    new URL(target!, `file:///${path}`).pathname.slice(1),
  )

const product = sources("src").filter((path) => !isTest(path))

/** Files that hold one of these texts, comments left out. */
const holding = (paths: readonly string[], pattern: RegExp): string[] =>
  paths.filter((path) =>
    read(path)
      .split("\n")
      .some((line) => !/^\s*(\/?\*|\/\/)/.test(line) && pattern.test(line)),
  )

describe("the rooms", () => {
  test("the core imports no plugin and no entry", () => {
    const core = product.filter((path) => path.startsWith("src/core/"))
    const wrong = core.filter((path) => imports(path).some((target) => !target.startsWith("src/core/")))
    expect(wrong).toEqual([])
  })

  test("a plugin imports the core and itself", () => {
    const plugins = product.filter((path) => /^src\/plugins\/[^/]+\//.test(path))
    const wrong = plugins.filter((path) => {
      const own = path.split("/").slice(0, 3).join("/")
      return imports(path).some((target) => !target.startsWith("src/core/") && !target.startsWith(`${own}/`))
    })
    expect(wrong).toEqual([])
  })

  test("the core names no plugin, neither by its id nor by its block of the configuration", () => {
    const ids = readdirSync("src/plugins", { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    )
    const core = product.filter((path) => path.startsWith("src/core/"))
    const named = holding(
      core,
      new RegExp(`plugins\\.(${ids.join("|")})|"(${ids.filter((id) => id.includes("-")).join("|")})"`),
    )
    expect(named).toEqual([])
  })

  test("plugins from outside are loaded by the entries and the command line; nothing else knows of them", () => {
    const inside = product.filter((path) => !path.startsWith("src/outside/"))
    const knowing = inside.filter((path) => imports(path).some((target) => target.startsWith("src/outside/")))
    expect(knowing).toEqual(["src/akonis.ts", "src/cli/common.ts", "src/cli/plugin.ts", "src/main.ts"])
  })

  test("the plugins are handed in: only the entries import them", () => {
    const entries = ["src/main.ts", "src/server.ts", "src/worker.ts", "src/edge.ts"]
    const outside = product.filter((path) => !path.startsWith("src/plugins/"))
    const wrong = outside.filter((path) => imports(path).some((target) => target.startsWith("src/plugins/")))
    expect(wrong.filter((path) => !entries.includes(path))).toEqual([])
  })

  test("the simulator does not know the product it tests", () => {
    const wrong = sources("simulator")
      .filter((path) => !isTest(path))
      .filter((path) => imports(path).some((target) => target.startsWith("src/")))
    expect(wrong).toEqual([])
  })
})

describe("imports", () => {
  test("never lead back to the file they began in", () => {
    const graph = new Map([...product, ...sources("simulator")].map((path) => [path, imports(path)]))
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" -> "))
      if (done.has(path) || way.includes(path)) return
      for (const target of graph.get(path) ?? []) visit(target, [...way, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
    expect(circles).toEqual([])
  })

  test("load what few starts need only when it is wanted: it would cost every start time and memory", () => {
    const loaded = new Set<string>()
    const load = (path: string): void => {
      if (loaded.has(path)) return
      loaded.add(path)
      if (path.endsWith(".ts")) for (const target of importsOfValues(path)) load(target)
    }
    load("src/main.ts")
    const rare =
      /^(simulator\/|src\/(api\/(openapi|mcp-server)|core\/cluster\/room|outside\/(offered|effect|new\/scaffold))\.ts|src\/licences\.json)/
    expect([...loaded].filter((path) => rare.test(path))).toEqual([])
    expect(holding(product, /import \* as \w+ from "effect"/)).toEqual([])
  })
})

describe("a plugin", () => {
  const plugins = product.filter((path) => path.startsWith("src/plugins/"))
  test.each([
    ["the clock", /Date\.now\(|new Date\(\)|performance\.now\(/],
    ["the environment", /process\.env/],
    ["chance", /Math\.random\(/],
    ["the network", /(^|[^.\w])fetch\(/],
    ["timers", /set(Timeout|Interval)\(/],
    ["files", /from "(node:fs|node:fs\/promises)"/],
  ])("asks for a service instead of using %s itself", (_, pattern) => {
    expect(holding(plugins, pattern)).toEqual([])
  })
})

describe("every file", () => {
  test("of the product and the simulator stays under 300 lines", () => {
    const long = [...product, ...sources("simulator")].filter((path) => read(path).split("\n").length > 301)
    expect(long).toEqual([])
  })

  test("keeps the environment and the console to the entries", () => {
    const entries = ["src/main.ts", "src/server.ts", "src/edge.ts", "src/cli/common.ts"]
    const inside = product.filter((path) => !entries.includes(path))
    expect(holding(inside, /process\.env|console\./)).toEqual([])
  })

  test("takes what Bun or Deno alone offers from core/runtime; Bun's server stands beside what guards its connections", () => {
    // Plugins from outside are for Bun alone: `outside/load.ts` refuses them elsewhere.
    const rooms = /^src\/(core\/(runtime\/|http\/server\/listen\.ts$)|outside\/(load|files)\.ts$)/
    expect(
      holding(product, /\bBun\.|\bDeno\.|"bun:|"Bun" in|"Deno" in|typeof (Bun|Deno)/).filter(
        (path) => !rooms.test(path),
      ),
    ).toEqual([])
  })

  test("leaves nothing for later", () => {
    expect(holding([...product, ...sources("simulator")], /TODO|FIXME|not implemented/)).toEqual([])
  })
})

describe("the words", () => {
  const pages = readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && name !== "glossary.md")
    .map((name) => `docs/${name}`)
  const lines = (path: string) => read(path).split("\n")
  const saying = (paths: readonly string[], pattern: RegExp) =>
    paths.flatMap((path) =>
      lines(path).flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line}`] : [])),
    )

  test('of a docstring can be read alone: none begins with "The same"', () => {
    const all = [...sources("src"), ...sources("simulator"), ...sources("test")]
    const first = all.flatMap((path) =>
      [...read(path).matchAll(/\/\*\*\s*(?:\*\s*)?(The same|As above|Likewise)\b/g)].map(() => path),
    )
    expect(first).toEqual([])
  })

  test("are those of the glossary", () => {
    const paths = [...product, ...pages, "README.md", "CONTRIBUTING.md"]
    const forbidden = /\bguilty\b|\bstands? alone\b|\bin hand\b|\bon record\b|\bfollow-ups?\b|\bfollowers?\b/i
    expect(saying(paths, forbidden)).toEqual([])
  })
})

describe("decision 0001", () => {
  test("gives a reason for every runtime dependency", () => {
    const page = read("docs/decisions/0001-dependencies.md")
    const { dependencies } = JSON.parse(read("package.json")) as { readonly dependencies: Record<string, string> }
    expect(Object.keys(dependencies).filter((name) => !page.includes(`| ${name} |`))).toEqual([])
  })
})

describe("the reference pages", () => {
  test("say what the declarations say; `bun run docs` writes them anew", () => expect(stale()).toEqual([]))
})

describe("the mutants", () => {
  test("still fit the source that they break, each at one place", () => {
    const fits = (mutant: (typeof mutants)[number]) => broken(mutant).includes(mutant.replace)
    expect(mutants.filter((mutant) => !fits(mutant))).toEqual([])
  })

  test("have names of their own, a page that promises, and a test that is there", () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
    const named = mutants.flatMap(({ page, noticed_by }) => (noticed_by === seeds ? [page] : [page, noticed_by]))
    expect(named.filter((path) => !existsSync(path))).toEqual([])
  })
})
