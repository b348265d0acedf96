/** What every action has to keep. */
import { Effect } from "effect"
import { z } from "zod"
import type { AnyAction } from "../../core/actions/action.ts"
import type { InFalconsPlace, Rig } from "../rig.ts"
import { must, type Row, type Tried, tryIt } from "./tried.ts"

/** Falcon may know none of the things that the example names. */
const fine = [200, 404, 409, 422]
/** Where Falcon fails: told as such, and never as an error of ours. */
const upstream = [409, 429, 502, 503, 504]

/** A row for each promise. */
export const actionRows = async (subject: Tried, action: AnyAction): Promise<readonly Row[]> => {
  const { slug, example } = action
  const run = (what: string, options: Parameters<typeof tryIt>[2], body: (rig: Rig) => Promise<string>) =>
    tryIt(`${slug}: ${what}`, subject, options, (rig) => Effect.promise(() => body(rig)))
  const falling = (what: string, falcon: InFalconsPlace, statuses: readonly number[]) =>
    run(what, { falcon }, async (rig) => {
      const { status, body } = await rig.act(slug, example)
      must(statuses.includes(status), `it answers ${status} ${body.detail ?? ""}`)
      const done = status === 200 ? (body.counts as { readonly succeeded: number }).succeeded : 0
      must(done === 0 || !action.changes, `it says that ${done} were done`)
      return `answers ${status}`
    })
  return [
    described(action),
    await run("its example", {}, async (rig) => {
      const { status, body } = await rig.act(slug, example)
      const is_withdrawn = action.retired !== undefined && status === 502
      must(fine.includes(status) || is_withdrawn, `it answers ${status} ${body.detail ?? ""}`)
      if (status === 200) checkAnswer(action, body)
      return `answers ${status}`
    }),
    await run("a dry run", {}, async (rig) => {
      const { status, body } = await rig.act(slug, example, "?dry_run=true")
      must(status === 200, `it answers ${status} ${body.detail ?? ""}`)
      must((await rig.calls()).length === 0, "it sends calls to Falcon")
      return `shows ${(body.results as { requests: unknown[] }).requests.length} requests, sends none`
    }),
    await run("wrong arguments", {}, async (rig) => {
      const keys = Object.keys(action.arguments.shape)
      const nonsense = Symbol.for("nonsense").description!
      const wrong = Object.fromEntries([...keys.map((key) => [key, { [nonsense]: [] }]), ["no_such_argument", 1]])
      const { status, body } = await rig.act(slug, wrong)
      must(status === 400, `they are answered with ${status} in place of 400`)
      const named = (body.errors as { field: string }[]).map(({ field }) => field)
      must(named.includes("no_such_argument"), "an argument that does not exist is not refused: use z.strictObject")
      must((await rig.calls()).length === 0, "Falcon is called all the same")
      return "refused with 400"
    }),
    ...(action.changes
      ? [
          await run("read-only mode", { read_only: true }, async (rig) => {
            const { status } = await rig.act(slug, example)
            must(status === 403, `it answers ${status} in place of 403`)
            must((await rig.calls()).length === 0, "Falcon is called all the same")
            return "refused with 403"
          }),
        ]
      : []),
    await run("without its scopes", { api_scopes: ["Nothing: Read"] }, async (rig) => {
      const { status, body } = await rig.act(slug, example)
      if ((await rig.calls()).length === 0) return "it calls nothing"
      must(status === 502, `it answers ${status} in place of 502`)
      const missing = (body.required_scopes ?? []) as readonly string[]
      must(
        missing.length > 0 && missing.every((scope) => action.scopes.includes(scope)),
        `it names the scopes ${missing.join(", ")}, and declares ${action.scopes.join(", ")}`,
      )
      return `names ${missing.join(", ")}`
    }),
    await falling(
      "Falcon is too busy",
      () => new Response("{}", { status: 429, headers: { "retry-after": "7" } }),
      [200, 429],
    ),
    await falling("Falcon fails", () => new Response("no", { status: 503 }), [200, ...upstream]),
    await falling("Falcon answers with a page", () => new Response("<html>"), [200, ...fine, ...upstream]),
    await falling("Falcon answers with nothing", () => new Response(""), [...fine, ...upstream]),
    await falling(
      "Falcon answers with other things",
      () => Response.json({ resources: [null, 1, "x", {}, []], errors: [null] }),
      [...fine, ...upstream],
    ),
  ]
}

const described = (action: AnyAction): Row => {
  const shape = action.arguments.shape as Readonly<Record<string, z.ZodType>>
  const silent = Object.entries(shape).flatMap(([key, schema]) => (schema.description === undefined ? [key] : []))
  const read = action.arguments.safeParse(action.example)
  const row = (status: Row["status"], detail: string) => ({ name: `${action.slug}: described`, status, detail })
  if (!read.success)
    return row("failed", `its example is refused: ${z.prettifyError(read.error).replaceAll("\n", " ")}`)
  return silent.length > 0 ? row("failed", `no .describe() at ${silent.join(", ")}`) : row("ok", "")
}

const checkAnswer = (action: AnyAction, body: Readonly<Record<string, unknown>>): void => {
  const { resources } = body.results as { readonly resources: readonly unknown[] }
  for (const one of resources) {
    const read = action.resource.safeParse(one)
    must(read.success, `a resource is not as declared: ${read.error === undefined ? "" : z.prettifyError(read.error)}`)
  }
}
