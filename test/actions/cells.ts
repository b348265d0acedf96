/** The cells of the table of actions: each is really done, and held against what users are promised of the answer. */
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { AnyAction } from "../../src/core/actions/action.ts"
import { type App, type Said, withApp } from "./app.ts"
import { type Args, type Case, cases, type Known, type Slug } from "./cases.ts"
import { faultOn, madeUpIds, violationsOf } from "./support.ts"

/** `ok`, the letter of the reason why there is nothing to try, or `FAILED: why`. */
export type Cell = string

export const legend = {
  a: "the action has one name",
  b: "it does one thing, or lists what is there: there are no halves",
  c: "it takes no list",
  d: "CrowdStrike has not withdrawn its API",
} as const

/** Everything in one place, for one action. */
interface Subject {
  readonly action: AnyAction
  readonly own: Case
}

type Check = (subject: Subject) => Promise<Cell>

class Failed extends Error {}

const expect = (wanted: boolean, what: string): void => {
  if (!wanted) throw new Failed(what)
}

const equal = (what: string, got: unknown, wanted: unknown): void =>
  expect(Bun.deepEquals(got, wanted, true), `${what}: ${JSON.stringify(got)} in place of ${JSON.stringify(wanted)}`)

/** A withdrawn API is tried as it was; the last column is about what it answers now. */
export const served: SimulatorOptions = { incidents: "served" }

export const knownOf = async (app: App): Promise<Known> => {
  const { hosts, alerts, incidents, cases, policies } = await app.api()
  const all = Object.values(incidents)
  const listed = await app.act("search_indicators", { limit: 50_000 })
  const found = listed.status === 200 && "resources" in listed.body.results ? listed.body.results.resources : []
  return {
    hosts: Object.keys(hosts),
    alerts: Object.keys(alerts),
    incidents: all.map(({ incident_id }) => incident_id),
    behaviors: all.map(({ behavior_id }) => behavior_id),
    cases: Object.keys(cases),
    policies: Object.keys(policies),
    disabled: Object.values(policies)
      .filter(({ enabled }) => !enabled)
      .map(({ id }) => id),
    indicators: found.length > 0 ? (found as string[]) : madeUpIds(2),
  }
}

/** An app whose tenant has what the action needs; `from`: the calls before do not count. */
const prepared = (
  options: SimulatorOptions,
  prepare: Case["prepare"],
  body: (app: App, known: Known, from: number) => Promise<void>,
): Promise<Cell> =>
  withApp({ ...served, ...options }, async (app) => {
    try {
      await prepare?.(app.act)
      const known = await knownOf(app)
      await body(app, known, (await app.calls()).length)
      return "ok"
    } catch (error) {
      if (error instanceof Failed) return `FAILED: ${error.message}`
      throw error
    }
  })

const checkAnswer = (said: Said, { action }: Subject, outcome: string): void => {
  equal("status", said.status, 200)
  equal("outcome", said.body.outcome, outcome)
  equal("action", said.body.action, action.slug)
  equal("request id", said.body.request_id, said.headers.get("x-request-id"))
}

/** Rows with nothing to do are counted where an action has such. */
const countsOf = ({ body }: Said) => {
  const { skipped: _, ...counts } = body.counts
  return counts
}

const resourcesOf = ({ body }: Said): readonly unknown[] => ("resources" in body.results ? body.results.resources : [])

const checkDone = (said: Said, subject: Subject): void => {
  const { action, own } = subject
  const requested = own.requested ?? 1
  checkAnswer(said, subject, "success")
  equal("counts", countsOf(said), { requested, succeeded: requested, failed: 0, unconfirmed: 0 })
  equal("errors", said.body.errors, [])
  expect(said.body.trace_ids.length > 0, "no trace id")
  equal("resources", resourcesOf(said).length, own.silent === true ? 0 : (own.resources ?? requested))
  for (const one of resourcesOf(said)) expect(action.resource.safeParse(one).success, "a resource is not as declared")
}

const checkProblem = (said: Said, status: number, kind: string): void => {
  equal("status", said.status, status)
  equal("content type", said.headers.get("content-type"), "application/problem+json")
  equal("type", said.body.type, `/problems/${kind}`)
  equal("problem's status", said.body.status, status)
  equal("request id", said.body.request_id, said.headers.get("x-request-id"))
}

/** Documented parameters, no more ids than allowed: the simulator notes everything else. */
const checkLawful = (app: App): void => equal("violations", violationsOf(app.simulator), [])

const http: Check = (subject) => {
  const { action, own } = subject
  return prepared({ ...own.simulator }, own.prepare, async (app, known) => {
    const audited = app.audit().length
    checkDone(await app.act(action.slug, own.good(known)), subject)
    expect(own.did?.(await app.api(), known) ?? true, "Falcon is not as it should be")
    const lines = app.audit().slice(audited)
    equal(
      "audit lines",
      lines.map((line) => line.outcome),
      action.changes ? ["success"] : [],
    )
    checkLawful(app)
  })
}

const alias: Check = async (subject) => {
  const { action, own } = subject
  if (action.alias === action.slug) return "a"
  return prepared({ ...own.simulator }, own.prepare, async (app, known) => {
    checkDone(await app.act(action.alias, own.good(known)), subject)
  })
}

/** What is shown is what is sent afterwards, and nothing was sent before. */
const dryRun: Check = (subject) => {
  const { action, own } = subject
  return prepared({ ...own.simulator }, own.prepare, async (app, known, from) => {
    const seen = () => app.simulator.state.requests.filter(({ path }) => path !== "/oauth2/token")
    const before = app.simulator.state.requests.length
    const said = await app.act(action.slug, own.good(known), "?dry_run=true")
    checkAnswer(said, subject, "dry_run")
    equal("requests sent", app.simulator.state.requests.length - before, 0)
    expect(!said.text.includes("Bearer"), "a token is shown")
    const shown = "requests" in said.body.results ? said.body.results.requests : []
    expect(shown.length > 0, "no request is shown")
    const count = seen().length
    await app.act(action.slug, own.good(known))
    const sent = seen().slice(count)
    const shownAs = shown.map(({ method, url }) => `${method} ${new URL(url).pathname}${new URL(url).search}`)
    equal(
      "requests shown",
      shownAs,
      sent.map(({ method, path, query }) => `${method} ${path}${query}`),
    )
    equal("calls", (await app.calls(from)).length, shown.length)
  })
}

/** Every argument wrong at once, one that does not exist, and none at all. */
const badArgument: Check = ({ action, own }) =>
  prepared({ ...own.simulator }, own.prepare, async (app, _, from) => {
    const keys = Object.keys(action.arguments.shape)
    const wrong = await app.act(action.slug, { ...Object.fromEntries(keys.map((key) => [key, -1.5])), nonsense: 1 })
    checkProblem(wrong, 400, "invalid-arguments")
    equal("fields", fieldsOf(wrong), [...keys, "nonsense"].sort())
    const required = keys.filter((key) => !action.arguments.shape[key].safeParse(undefined).success)
    if (required.length > 0) {
      const missing = await app.act(action.slug, {})
      checkProblem(missing, 400, "invalid-arguments")
      equal("missing fields", fieldsOf(missing), required.sort())
    }
    equal("calls", await app.calls(from), [])
  })

const fieldsOf = ({ body }: Said): string[] =>
  (body.errors as readonly { field?: string }[]).map(({ field }) => field ?? "").sort()

const partialFailure: Check = async (subject) => {
  const { action, own } = subject
  const { partial } = own
  if (partial === undefined) return "b"
  return prepared({ ...own.simulator }, partial.prepare ?? own.prepare, async (app, known) => {
    if (partial.fault !== undefined) app.simulator.addFault(partial.fault)
    const said = await app.act(action.slug, partial.args(known))
    checkAnswer(said, subject, "partial")
    equal("counts", countsOf(said), { requested: 2, succeeded: 1, failed: 1, unconfirmed: 0 })
    equal("resources", resourcesOf(said).length, own.silent === true ? 0 : 1)
    const [error] = said.body.errors
    equal("errors", said.body.errors.length, 1)
    expect(
      (error?.id ?? "") !== "" && (error?.message ?? "") !== "" && (error?.code ?? 0) >= 400,
      "an error says little",
    )
    checkLawful(app)
  })
}

/** A failure, not a partial success, and the request's fault: no status that a playbook repeats; with Falcon's reason for each. */
const nothingWorked: Check = async (subject) => {
  const { action, own } = subject
  const { none } = own
  if (none === undefined) return "b"
  return prepared({ ...own.simulator }, own.prepare, async (app) => {
    if (none.fault !== undefined) app.simulator.addFault(none.fault)
    const audited = app.audit().length
    const said = await app.act(action.slug, none.args)
    const [status, kind] = none.fails_as ?? [404, "upstream-not-found"]
    checkProblem(said, status, kind)
    const errors = said.body.upstream_errors ?? []
    equal("errors", errors.length, 2)
    expect(
      errors.every(({ id = "", message }) => id !== "" && message !== ""),
      "an error says little",
    )
    equal(
      "audit lines",
      app
        .audit()
        .slice(audited)
        .map((line) => line.outcome),
      action.changes ? ["failed"] : [],
    )
    checkLawful(app)
  })
}

/** Once without each scope that the action names. */
const forbidden: Check = async (subject) => {
  const { action, own } = subject
  for (const scope of action.scopes as readonly string[]) {
    const api_scopes = action.scopes.filter((other: string) => other !== scope)
    const cell = await prepared({ ...own.simulator, api_scopes }, undefined, async (app, known, from) => {
      const said = await app.act(action.slug, own.good(known))
      checkProblem(said, 502, action.retired === undefined ? "upstream-forbidden" : "endpoint-retired")
      equal("required_scopes", said.body.required_scopes, [scope])
      equal("refused calls", (await app.calls(from)).filter(({ status }) => status === 403).length, 1)
    })
    if (cell !== "ok") return cell
  }
  return "ok"
}

/** One 429 is waited out. When they do not end, the caller is told when to come back, after five retries. */
const rateLimited: Check = async (subject) => {
  const { action, own } = subject
  const fault = (more: object) => faultOn("/", { status: 429, headers: { "retry-after": "7" } }, { ...more })
  const once = await prepared({ ...own.simulator }, own.prepare, async (app, known) => {
    app.simulator.addFault(fault({ count: 1 }))
    checkDone(await app.act(action.slug, own.good(known)), subject)
  })
  if (once !== "ok") return once
  return prepared({ ...own.simulator }, own.prepare, async (app, known, from) => {
    app.simulator.addFault(fault({ every: 1 }))
    const said = await app.act(action.slug, own.good(known))
    checkProblem(said, 429, "upstream-rate-limited")
    equal("Retry-After", [said.headers.get("retry-after"), said.body.retry_after_s], ["7", 7])
    equal(
      "calls",
      (await app.calls(from)).map(({ status }) => status),
      Array(6).fill(429),
    )
  })
}

const overMaximum: Check = async (subject) => {
  const { action, own } = subject
  const { over } = own
  if (over === undefined) return "c"
  return prepared({ ...own.simulator, ...over.simulator }, over.prepare ?? own.prepare, async (app, known, from) => {
    const args = over.args(known)
    const said = await app.act(action.slug, args)
    equal("status", said.status, 200)
    const calls = (await app.calls(from)).filter(({ path }) => over.path === undefined || path === over.path)
    equal(
      "ids of each call",
      calls.filter(({ ids }) => over.path === undefined || ids > 0).map(({ ids }) => ids),
      over.sizes,
    )
    const { requested, succeeded, failed } = said.body.counts
    equal("requested", requested, itemsOf(args))
    equal("the sum of succeeded and failed", succeeded + failed, requested)
    equal("errors", said.body.errors.length, failed)
    expect(succeeded > 1, "only one call did anything")
    if (own.silent !== true) equal("resources", resourcesOf(said).length, succeeded)
    checkLawful(app)
  })
}

const itemsOf = (args: Args): unknown => {
  const list = Object.values(args).find(Array.isArray)
  return list?.length ?? args.limit
}

const retired: Check = async ({ action, own }) => {
  if (action.retired === undefined) return "d"
  for (const incidents of ["not_found", "gone"] as const) {
    const cell = await prepared({ incidents }, undefined, async (app, known, from) => {
      const said = await app.act(action.slug, own.good(known))
      checkProblem(said, 502, "endpoint-retired")
      expect(said.body.successor?.includes("/cases/") === true, "the successor is not named")
      equal("calls", (await app.calls(from)).length, 1)
    })
    if (cell !== "ok") return cell
  }
  return "ok"
}

export const columns = {
  "HTTP call": http,
  alias,
  "dry run": dryRun,
  "bad argument": badArgument,
  "partial failure": partialFailure,
  "nothing worked": nothingWorked,
  "upstream 403": forbidden,
  "upstream 429": rateLimited,
  "over-maximum ids": overMaximum,
  "retired API": retired,
} as const satisfies Readonly<Record<string, Check>>

export type Column = keyof typeof columns

/** Computes one cell. Throws only for what is wrong with the table itself. */
export const cellOf = (action: AnyAction, column: Column): Promise<Cell> =>
  columns[column]({ action, own: cases[action.slug as Slug] })
