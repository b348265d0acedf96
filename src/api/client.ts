/** The API as a type, for `hc<AppOf<typeof plugins>>`: a wrong argument or an unknown action does not compile. */
import type { Hono } from "hono"
import type { z } from "zod"
import type { Action, AnyAction } from "../core/actions/action.ts"
import type { CatalogueEntry } from "../core/actions/catalogue.ts"
import type { ProblemBody } from "../core/actions/problem.ts"
import type { ActionResponse } from "../core/actions/response.ts"
import type { ApiEnv } from "./api.ts"

/** What an action takes, as a caller writes it. */
type ArgumentsOf<A extends AnyAction> = A extends Action<infer S, string> ? z.input<z.ZodObject<S>> : never

// Aliases, not interfaces: only those fit the index signatures of Hono's schema.
type Ok<In, Out> = {
  input: In
  output: Out
  outputFormat: "json"
  status: 200
}

type Failed<In> = {
  input: In
  output: ProblemBody
  outputFormat: "json"
  status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 502 | 503 | 504
}

type Run<A extends AnyAction, More> = More & {
  json: ArgumentsOf<A>
  query?: { dry_run?: "true" | "false" }
  header?: { "idempotency-key"?: string; "x-request-id"?: string }
}

/** The routes of a set of actions, below a base path. */
type ActionSchema<A extends AnyAction, Base extends string = "", More = unknown> = {
  [Each in A as `${Base}/actions/${Each["slug"]}`]: {
    $post: Ok<Run<Each, More>, ActionResponse> | Failed<Run<Each, More>>
    $get: Ok<object & More, CatalogueEntry> | Failed<object & More>
  }
} & { [Path in `${Base}/actions`]: { $get: Ok<object & More, { actions: CatalogueEntry[] }> | Failed<object & More> } }

/** The API over these plugins: with one tenant the short routes; with several, those below `/tenants/:id`. */
export type AppOf<Plugins extends readonly { readonly actions: readonly AnyAction[] }[]> = Hono<
  ApiEnv,
  ActionSchema<ActionOf<Plugins>> & ActionSchema<ActionOf<Plugins>, "/tenants/:id", { param: { id: string } }>,
  "/"
>

type ActionOf<Plugins extends readonly { readonly actions: readonly AnyAction[] }[]> =
  Plugins[number]["actions"][number]
