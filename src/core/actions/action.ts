/**
 * What an action is: one declaration from which the route, the OpenAPI document, the command line, the MCP tool and the
 * catalogue follow. Adding an action is adding one file and naming it in its plugin.
 */
import { Data, type Effect, type FileSystem } from "effect"
import { z } from "zod"
import type { Falcon } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import type { Operation } from "../falcon/operation.ts"
import type { Immutable } from "../json-schema.ts"
import type { Tenant } from "../tenant/identity.ts"

/** One id or row that was not done, or of which it is not known whether it was done. */
export const row_error = z
  .object({
    id: z
      .string()
      .exactOptional()
      .describe("The id, or `type:value` of an indicator; absent when Falcon does not say which."),
    code: z.int().describe("Falcon's code, an HTTP status most of the time."),
    message: z.string(),
    outcome: z
      .literal("unconfirmed")
      .exactOptional()
      .describe("It was sent, and may have happened: look before sending it again. Absent: it did not happen."),
  })
  .describe("One thing that did not work, or that may have, while others did.")

export type RowError = Immutable<z.output<typeof row_error>>

/** What an action did, counted in ids, rows or results. `succeeded + failed + skipped` is `requested`. */
export interface Outcome {
  readonly resources: readonly unknown[]
  readonly errors: readonly RowError[]
  /** Of every answer, for CrowdStrike's support. */
  readonly trace_ids: readonly string[]
  readonly requested: number
  readonly succeeded: number
  /** Everything that is not certainly done, `unconfirmed` included; the response counts those apart. */
  readonly failed: number
  /** Rows for which there was nothing to do, or that could not be used: neither done nor failed. Left out by actions that skip none. */
  readonly skipped?: number
  /** Of a search: how many there are in all, when Falcon said so. */
  readonly total?: number
  /** Of a search that did not come to the end: what to pass as `offset` to go on. */
  readonly next?: string | number
}

/** How many of the errors are `unconfirmed`. */
export const unconfirmedIn = (errors: readonly RowError[]): number =>
  errors.reduce((sum, { outcome }) => sum + (outcome === "unconfirmed" ? 1 : 0), 0)

/** The outcome of a call that lists things: `requested` is what came back, resources and errors; `skipped` of the resources were not done. */
export const outcomeOfList = (
  resources: readonly unknown[],
  errors: readonly RowError[],
  trace_ids: readonly string[],
  more: Pick<Outcome, "skipped" | "total" | "next"> = {},
): Outcome => ({
  resources,
  errors,
  trace_ids,
  requested: resources.length + errors.length,
  succeeded: resources.length - (more.skipped ?? 0),
  failed: errors.length,
  ...more,
})

/** An argument has the right shape but cannot be used: a path outside the data folder, a hash of the wrong length. */
export class ArgumentError extends Data.TaggedError("ArgumentError")<{
  /** Dotted path of the argument. */
  readonly field: string
  readonly message: string
  /** Further arguments that cannot be used either. */
  readonly more?: readonly { readonly field: string; readonly message: string }[]
}> {}

/** The services that a handler may use. */
export type ActionServices = Falcon | Tenant | FileSystem.FileSystem

/** The arguments of any action, once they are checked. */
export type Args = Readonly<Record<string, unknown>>

export type Shape = Readonly<Record<string, z.ZodType>>

/** The state that an action asks for, of which ids, and how to look whether it has come about. */
export interface Settling {
  readonly ids: readonly string[]
  /** The state that is asked for. */
  readonly wanted: string
  readonly look: (ids: readonly string[]) => Operation
  /** The id and the state that a returned resource shows. */
  readonly stateOf: (resource: unknown) => { readonly id: string; readonly state: string } | undefined
}

export interface Action<S extends Shape = Shape, Slug extends string = string> {
  /** As in `POST /actions/<slug>`. */
  readonly slug: Slug
  /** The docker parameter of the Python module: accepted in place of the slug. */
  readonly alias: string
  readonly title: string
  /** One or two sentences for whoever is about to call it. */
  readonly description: string
  /** A strict object; every field with a `describe`. */
  readonly arguments: z.ZodObject<S>
  /** One entry of `results.resources`. Loose: Falcon adds fields as it likes. */
  readonly resource: z.ZodType
  /** Arguments that make sense, for the documentation. */
  readonly example: z.input<z.ZodObject<S>>
  /** What the API client needs, as the console names it. */
  readonly scopes: readonly string[]
  /** Changes something in Falcon: refused in read-only mode, written to the audit log. */
  readonly changes: boolean
  /** What it changes is hard to undo or takes a host off the network. */
  readonly destructive: boolean
  /** Doing it twice is the same as doing it once. */
  readonly idempotent: boolean
  /** Ids or rows that Falcon takes in one call; longer lists are split and merged. */
  readonly per_call?: number
  /** Set when CrowdStrike has withdrawn the API behind it. */
  readonly retired?: { readonly since: string; readonly successor: string }
  /** The hosts that it changes, by their AIDs: the guards of the configuration count them and look whether they are protected. */
  readonly hosts?: (args: z.output<z.ZodObject<S>>) => readonly string[]
  /** How to see that what it asked for has happened, where Falcon only accepts it: then it can be waited for. */
  readonly settles?: (args: z.output<z.ZodObject<S>>) => Settling | undefined
  /** Warnings about these arguments, for the response, also of a dry run. They stop nothing. */
  readonly warnings?: (args: z.output<z.ZodObject<S>>) => readonly string[]
  readonly run: (args: z.output<z.ZodObject<S>>) => Effect.Effect<Outcome, FalconError | ArgumentError, ActionServices>
}

// biome-ignore lint/suspicious/noExplicitAny: a list of actions has no common type of arguments.
export type AnyAction = Action<any, string>

/** What a declaration says once, for its handler to pass on to the calls that it makes. */
export interface CallFacts extends Pick<Action, "scopes" | "idempotent"> {
  /** Without a bound where the declaration names none. */
  readonly per_call: number
}

/** An action as it is written down; its handler is also given what the declaration says of its calls. */
export interface Declaration<S extends Shape, Slug extends string> extends Omit<Action<S, Slug>, "alias" | "run"> {
  /** The docker parameter of the Python module, where it is not the slug. */
  readonly alias?: string
  readonly run: (
    args: z.output<z.ZodObject<S>>,
    facts: CallFacts,
  ) => Effect.Effect<Outcome, FalconError | ArgumentError, ActionServices>
}

/** Declares an action. */
export const defineAction = <S extends Shape, const Slug extends string>(
  declared: Declaration<S, Slug>,
): Action<S, Slug> => {
  const { slug, alias = slug, scopes, idempotent, per_call = Number.POSITIVE_INFINITY } = declared
  return { ...declared, alias, run: (args) => declared.run(args, { scopes, idempotent, per_call }) }
}
