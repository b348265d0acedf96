/**
 * `bun run actions:table`: every action, asked over HTTP in every way that matters, against the simulated Falcon. Each cell
 * is what was seen, held against what the documentation promises.
 */
import { table } from "../../src/cli/table.ts"
import { type Served, type Told, tokens, withServed } from "./served.ts"
import { type Args, apiOf, type TableRow, tableRows } from "./table-rows.ts"

type Body = Record<string, unknown> & { readonly counts?: { readonly succeeded: number; readonly failed: number } }

/** What is wrong, or `undefined`. */
type Check = (served: Served, row: TableRow, name: string) => Promise<string | undefined>

const retired: ReadonlySet<string> = new Set(["get_incidents", "get_behaviors"])

const post = (served: Served, path: string, body: Args): Promise<Told<Body>> =>
  served.ask<Body>(`/actions/${path}`, { method: "POST", token: tokens.responder, body })

const sent = async (served: Served): Promise<number> => (await apiOf(served)).requests.length

const unlike = (told: Told<Body>, status: number, wanted: Record<string, unknown>): string | undefined => {
  if (told.status !== status) return `${told.status} ${told.text.slice(0, 200)}`
  const wrong = Object.entries(wanted).find(([key, value]) => JSON.stringify(told.body[key]) !== JSON.stringify(value))
  return wrong === undefined ? undefined : `${wrong[0]} is ${JSON.stringify(told.body[wrong[0]])}`
}

const isWhole = (told: Told<Body>, slug: string): string | undefined =>
  unlike(told, 200, { action: slug, outcome: "success", errors: [] }) ??
  (told.body.counts!.succeeded >= 1 && told.body.counts!.failed === 0 ? undefined : JSON.stringify(told.body.counts))

/** Everything that is asked of every action, by the name of its column. */
const checks: Readonly<Record<string, Check>> = {
  call: async (served, row) => isWhole(await post(served, row.slug, row.good()), row.slug),

  alias: async (served, row, alias) => isWhole(await post(served, alias, row.good()), row.slug),

  "dry run": async (served, row) => {
    const before = await sent(served)
    const told = await post(served, `${row.slug}?dry_run=true`, row.good())
    const { requests = [] } = (told.body.results ?? {}) as { requests?: readonly { url: string }[] }
    if ((await sent(served)) !== before) return "something was sent"
    if (requests.length === 0 || told.text.includes("Bearer ")) return `requests: ${JSON.stringify(requests)}`
    return unlike(told, 200, { outcome: "dry_run" })
  },

  "bad argument": async (served, row) => {
    const before = await sent(served)
    const told = await post(served, row.slug, { ...row.good(), surprise: 1 })
    if ((await sent(served)) !== before) return "something was sent"
    if (!JSON.stringify(told.body.errors).includes("surprise")) return `the field is not named: ${told.text}`
    return unlike(told, 400, { type: "/problems/invalid-arguments", status: 400 })
  },

  partial: async (served, row) => {
    const told = await post(served, row.slug, row.partial!())
    const { succeeded = 0, failed = 0 } = told.body.counts ?? {}
    const errors = told.body.errors as readonly { message?: string }[] | undefined
    const reported = errors?.every(({ message }) => (message ?? "") !== "") === true
    return (
      unlike(told, 200, { outcome: "partial" }) ??
      (succeeded >= 1 && failed >= 1 && errors?.length === failed && reported ? undefined : told.text.slice(0, 300))
    )
  },

  "Falcon 403": async (served, row) => {
    served.simulator.addFault({ on: "api", until_ms: 60_000, do: { status: 403 } })
    const told = await post(served, row.slug, row.good())
    served.simulator.removeFaults()
    const scopes = told.body.required_scopes as readonly string[] | undefined
    // A withdrawn API may answer 403 too: then both are said, what became of it and which scope is missing.
    const type = retired.has(row.slug) ? "/problems/endpoint-retired" : "/problems/upstream-forbidden"
    return unlike(told, 502, { type }) ?? (scopes?.length ? undefined : "no scope named")
  },

  "Falcon 429": async (served, row) => {
    served.simulator.addFault({ on: "api", until_ms: 60_000, do: { status: 429, headers: { "retry-after": "1" } } })
    const told = await post(served, row.slug, row.good())
    served.simulator.removeFaults()
    const wait_s = Number(told.headers.get("retry-after"))
    return (
      unlike(told, 429, { type: "/problems/upstream-rate-limited" }) ?? (wait_s >= 1 ? undefined : "no Retry-After")
    )
  },

  "over the maximum": async (served, row) => {
    const { args, carried } = row.over!()
    const before = await sent(served)
    const told = await post(served, row.slug, args)
    const calls = (await apiOf(served)).requests.slice(before)
    // Only a list longer than one call may carry is split; a search that comes before carries nothing.
    const ids = calls.reduce((sum, { ids }) => sum + ids, 0)
    if (told.status !== 200) return `${told.status} ${told.text.slice(0, 200)}`
    return calls.length >= 2 && ids >= carried ? undefined : `${calls.length} calls with ${ids} of ${carried}`
  },
}

const columns = Object.keys(checks)

interface Line {
  readonly slug: string
  /** By column: `ok`, `-`, or what is wrong. */
  readonly cells: readonly string[]
  readonly why: string | undefined
}

const cell = async (name: string, served: Served, row: TableRow, alias: string): Promise<string> => {
  if (name === "partial" && row.partial === undefined) return "-"
  if (name === "over the maximum" && row.over === undefined) return "-"
  const wrong = await checks[name]!(served, row, alias)
  // Whatever it did, every request must have been one that Falcon documents.
  const [violation] = served.simulator.account().violations
  const problem = wrong ?? violation?.what
  return problem === undefined ? "ok" : `FAILED: ${problem}`
}

/** One action in a product of its own, so that its waits and its changes are its own. */
const lineOf = async (slug: string): Promise<Line> => {
  let line: Line | undefined
  await withServed({ simulator: { incidents: "served", rate_limits: false } }, async (served) => {
    const row = (await tableRows(served)).find((one) => one.slug === slug)
    if (row === undefined) throw new Error(`the table does not know the action ${slug}`)
    const entry = await served.ask<{ aliases: readonly string[] }>(`/actions/${slug}`, { token: tokens.reader })
    const cells: string[] = []
    for (const name of columns) cells.push(await cell(name, served, row, entry.body.aliases[0] ?? slug))
    line = { slug, cells, why: row.why }
  })
  return line!
}

/** Withdrawn APIs answer what became of them. */
const retiredLine = async (slug: string): Promise<string> => {
  let said = ""
  await withServed({ simulator: { incidents: "gone" } }, async (served) => {
    const row = (await tableRows(served)).find((one) => one.slug === slug)!
    const told = await post(served, slug, row.good())
    const wrong = unlike(told, 502, { type: "/problems/endpoint-retired" })
    said = wrong === undefined ? `ok: ${String(told.body.detail)}` : `FAILED: ${wrong}`
  })
  return `${slug} where the API is withdrawn: ${said}`
}

/** Waits for Falcon's rate limit are most of the time, so several run together. */
const at_once = 7

/** The whole table as text, and whether every cell is as promised. */
export const actionTable = async (): Promise<{
  readonly text: string
  readonly failures: number
  readonly actions: number
}> => {
  let slugs: string[] = []
  await withServed({}, async ({ ask }) => {
    const { body } = await ask<{ actions: { slug: string }[] }>("/actions", { token: tokens.reader })
    slugs = body.actions.map(({ slug }) => slug)
  })
  const lines: Line[] = []
  for (let from = 0; from < slugs.length; from += at_once) {
    lines.push(...(await Promise.all(slugs.slice(from, from + at_once).map(lineOf))))
  }
  const withdrawn = await Promise.all([...retired].map(retiredLine))
  const reasons = Map.groupBy(
    lines.filter(({ why }) => why !== undefined),
    ({ why }) => why,
  )
  const legend = [...reasons].map(([why, ones]) => `- ${ones.map(({ slug }) => slug).join(", ")}: ${why}`)
  const text = [
    table([
      ["ACTION", ...columns.map((name) => name.toUpperCase())],
      ...lines.map(({ slug, cells }) => [slug, ...cells]),
    ]),
    "",
    ...legend,
    ...withdrawn,
  ].join("\n")
  return { text, failures: text.split("FAILED:").length - 1, actions: lines.length }
}

if (import.meta.main) {
  const { text, failures, actions } = await actionTable()
  process.stdout.write(`${text}\n\n${actions} actions, ${failures} failures\n`)
  process.exit(failures === 0 ? 0 : 1)
}
