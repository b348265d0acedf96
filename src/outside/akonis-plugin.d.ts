/**
 * The API for plugins from outside, version 1. A plugin may import `akonis/plugin`, `effect`, `zod`, `node:…` and files of its
 * own folder; it gets Akonis' own copies of the first three, so that it needs no node_modules.
 *
 * What stands here keeps its meaning for as long as Akonis speaks version 1: things may be added, none is removed. A plugin
 * that declares another version is refused by name when Akonis starts.
 */
declare module "akonis/plugin" {
  import type { Cause, Context, Effect, FileSystem, Redacted, Scope } from "effect"
  import type { z } from "zod"

  export const api: 1
  type Shape = Readonly<Record<string, z.ZodType>>
  /** What a plugin may ask for, as Effect services. One set for each tenant. */
  export type Services = Falcon | Tenant | FileSystem.FileSystem

  /** What `akonis check` says about a plugin. */
  export interface Finding {
    readonly status: "ok" | "warning" | "failed"
    readonly detail: string
    /** What to do about it, where it is not `ok`. */
    readonly remedy?: string
  }

  /** The default export of a plugin's file. */
  export interface Plugin<S extends Shape = Shape> {
    readonly api: 1
    /** Its name in the configuration and in `GET /health`: lower-case letters, digits and dashes; no shipped plugin has it. */
    readonly id: string
    /** One line for people. */
    readonly title: string
    /**
     * The keys below `plugins.<id>`, besides `enabled`. Give each a `.describe(…)`. Unknown keys are refused, and values that
     * do not fit, before anything starts.
     */
    readonly config: z.ZodObject<S>
    /** A configuration that makes sense, for `akonis plugin check`; needed where a key has no default. */
    readonly example?: Readonly<Record<string, unknown>>
    /** Scopes of the Falcon API client that its own calls need, as the console names them (`Hosts: Read`); those of its actions are added. */
    readonly scopes?: readonly string[]
    /** What it can be asked to do, over HTTP, from the shell and as MCP tools. */
    readonly actions?: readonly AnyAction[]
    /** What it adds after events of the streams. */
    readonly enricher?: Enricher<z.output<z.ZodObject<S>>>
    /**
     * Background work, for as long as the process lives. When it ends or fails, health says so and it begins anew, later each time.
     * It is interrupted when Akonis stops, and then has two seconds.
     */
    readonly run?: (config: z.output<z.ZodObject<S>>) => Effect.Effect<unknown, unknown, Services | Scope.Scope>
    /** What `akonis check` finds out about it, without changing anything; within 30 s. */
    readonly check?: (config: z.output<z.ZodObject<S>>) => Effect.Effect<Finding, unknown, Services | Scope.Scope>
  }

  /** Declares a plugin: gives it back, with its types checked. */
  export function definePlugin<S extends Shape>(plugin: Plugin<S>): Plugin<S>

  /** A key of the configuration that is a secret: text, or a file by `<key>_file`, or the variable `env` (or `<env>_FILE`). */
  export function secret(env: string | undefined, description: string): z.ZodType<Secret>

  export interface Secret {
    /** The current value; a file is read again when it has changed. */
    readonly value: Effect.Effect<Redacted.Redacted<string>, unknown, FileSystem.FileSystem>
  }

  /** One thing that did not work, or of which nobody knows whether it did (`unconfirmed`), while others did. */
  export interface RowError {
    readonly id?: string
    /** Falcon's code, an HTTP status most of the time. */
    readonly code: number
    readonly message: string
    readonly outcome?: "unconfirmed"
  }

  /** What an action did. `succeeded + failed + skipped` is `requested`, counted in ids or results. */
  export interface Outcome {
    /** What it answers with: JSON, as `resource` describes it. */
    readonly resources: readonly unknown[]
    readonly errors: readonly RowError[]
    /** Of every answer of Falcon's, for CrowdStrike's support. */
    readonly trace_ids: readonly string[]
    readonly requested: number
    readonly succeeded: number
    /** Everything that is not certainly done. */
    readonly failed: number
    readonly skipped?: number
    /** Of a search: how many there are in all. */
    readonly total?: number
  }

  /** What a handler is told beside its arguments. */
  export interface Call<Config = unknown> {
    /** The checked configuration of the plugin. */
    readonly config: Config
    /** As the action declares them, to hand on to its calls. */
    readonly scopes: readonly string[]
    readonly idempotent: boolean
    readonly per_call: number
  }

  export interface Action<S extends Shape = Shape> {
    /** As in `POST /actions/<slug>`: lower-case letters, digits and underscores; no other action has it. */
    readonly slug: string
    readonly title: string
    /** One or two sentences for whoever is about to call it. */
    readonly description: string
    /** `z.strictObject`; every field with a `.describe(…)`. */
    readonly arguments: z.ZodObject<S>
    /** One entry of `Outcome.resources`; `z.looseObject` where Falcon may add fields. */
    readonly resource: z.ZodType
    /** Arguments that make sense; for the documentation, and for `akonis plugin check`. */
    readonly example: z.input<z.ZodObject<S>>
    /** What the API client needs, as the console names it. */
    readonly scopes: readonly string[]
    /** Changes something: refused in read-only mode, written to the audit log. */
    readonly changes: boolean
    /** What it changes is hard to undo. */
    readonly destructive: boolean
    /** Doing it twice is the same as doing it once. */
    readonly idempotent: boolean
    /** Ids that Falcon takes in one call. */
    readonly per_call?: number
    /**
     * Does it, within two minutes. It fails with a `FalconError` or an `ArgumentError`; everything else counts as an unexpected error. A dry
     * run calls it with a `Falcon` that writes requests down and sends none, so what changes something goes through `Falcon`.
     */
    // biome-ignore lint/suspicious/noExplicitAny: a handler may name the type of its plugin's configuration.
    run(args: z.output<z.ZodObject<S>>, call: Call<any>): Effect.Effect<Outcome, FalconError | ArgumentError, Services>
  }

  // biome-ignore lint/suspicious/noExplicitAny: a list of actions has no common type of arguments.
  export type AnyAction = Action<any>

  /** Declares an action. */
  export function defineAction<S extends Shape>(action: Action<S>): Action<S>

  /** An argument that lists ids; `description` says ids of what. */
  export function idsArgument(description: string): z.ZodArray<z.ZodString>

  /** The outcome of a call that lists things. */
  export function outcomeOfList(
    resources: readonly unknown[],
    errors: readonly RowError[],
    trace_ids: readonly string[],
  ): Outcome

  /**
   * Calls Falcon for a list of ids until each has its answer: split by `per_call`, bisected where one bad id makes a call fail,
   * merged into one outcome. An id that does not come back is an error of its own.
   */
  export function callInBulk(call: {
    readonly ids: readonly string[]
    readonly per_call: number
    /** The ids travel in the URL, whose length is limited too. */
    readonly in_query?: boolean
    readonly idOf: (resource: unknown) => string | undefined
    /** Falcon leaves out an id that it has nothing to tell about, which is no failure. */
    readonly may_be_absent?: true
    readonly operation: (ids: readonly string[]) => Operation
  }): Effect.Effect<Outcome, FalconError, Falcon>

  /** An argument has the right shape but cannot be used: the caller gets 400 with this field. */
  export interface ArgumentError extends Tagged<"ArgumentError"> {
    readonly field: string
  }
  export const ArgumentError: new (fields: { readonly field: string; readonly message: string }) => ArgumentError

  /**
   * Sends events after events of the streams. Raw events never wait for it and are never changed. The offset of an event is stored
   * once its enrichment is delivered or recorded as a dead letter, so after a crash it may be enriched again.
   */
  export interface Enricher<Config = unknown> {
    /** `metadata.eventType` of the events that it wants to see, such as `EppDetectionSummaryEvent`. */
    readonly event_types: readonly string[]
    /** The keys of `event` that `pick` looks at. */
    readonly fields: readonly string[]
    /**
     * Notes what is needed of an event as small JSON text; `undefined` when there is nothing to add. Called for every such event
     * while the stream waits: be quick. `event` is `{ metadata: { eventType }, event: { …fields } }`; any value may be missing or of another type.
     */
    readonly pick: (event: SourceEvent, config: Config) => string | undefined
    /**
     * Makes the events to send, each the JSON text of one object, in order; at most 1 000. Has 30 s. Fails with `NotEnriched` when there is
     * nothing to be had: what was noted is then a dead letter, and `akonis dead-letters replay` tries again.
     */
    readonly enrich: (
      noted: string,
      config: Config,
    ) => Effect.Effect<readonly string[], NotEnriched | FalconError, Services>
  }

  export interface SourceEvent {
    readonly metadata: { readonly eventType: string }
    readonly event: Readonly<Record<string, unknown>>
  }

  /** Nothing will be added to an event; `message` says why. */
  export interface NotEnriched extends Tagged<"NotEnriched"> {}
  export const NotEnriched: new (fields: { readonly message: string }) => NotEnriched

  /** One call of Falcon's API. */
  export interface Operation {
    /** Short and stable, for messages and metrics: `hosts.ping`. */
    readonly name: string
    readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
    /** Below the base URL, with its leading slash. */
    readonly path: string
    /** Arrays become repeated keys; `undefined` is left out. */
    readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
    /** Sent as JSON. */
    readonly body?: unknown
    /** Whether doing it twice is the same as doing it once. Only then is it repeated after a 5xx, a timeout or a reset. */
    readonly idempotent: boolean
    /** What the API client needs. A call that changes something has one that ends with `: Write`. */
    readonly scopes: readonly string[]
    /** Of one try; 30 s when not given. */
    readonly timeout_ms?: number
  }

  export type ApiError = Omit<RowError, "outcome">

  /** A 2xx answer. `errors` beside `resources` is a partial success. */
  export interface Envelope {
    readonly status: number
    readonly trace_id: string | undefined
    /** `[]` also when Falcon sent no list: see `has_resources`. */
    readonly resources: readonly unknown[]
    readonly has_resources: boolean
    readonly errors: readonly ApiError[]
    readonly meta: Readonly<Record<string, unknown>>
  }

  export interface Pages {
    readonly resources: readonly unknown[]
    readonly errors: readonly ApiError[]
    readonly trace_ids: readonly string[]
    readonly total?: number
  }

  export interface FalconService {
    /** One call: token, rate limit, retries. Any 2xx succeeds, also with errors in it. */
    readonly request: (operation: Operation) => Effect.Effect<Envelope, FalconError>
    /** Walks the pages of a list, until its end or `limit`. */
    readonly pages: (
      operation: Operation,
      options?: { readonly limit?: number; readonly page_size?: number },
    ) => Effect.Effect<Pages, FalconError>
  }

  /** The Falcon API of the tenant, credentials included: `const falcon = yield* Falcon`. */
  export interface Falcon {
    readonly akonis: "Falcon"
  }
  export const Falcon: Context.Service<Falcon, FalconService>

  /** The tenant that is worked for: `const { id } = yield* Tenant`. */
  export interface Tenant {
    readonly akonis: "Tenant"
  }
  export const Tenant: Context.Service<Tenant, { readonly id: string }>

  /** A call to Falcon failed for good: every retry that was allowed has been made. */
  export interface FalconError extends Tagged<"FalconError">, FalconFailure {
    readonly message: string
  }
  export const FalconError: new (fields: FalconFailure) => FalconError

  export interface FalconFailure {
    readonly reason: FalconReason
    /** `Operation.name`. */
    readonly operation: string
    readonly status?: number | undefined
    readonly errors: readonly ApiError[]
    /** Scopes that are missing, with `forbidden`. */
    readonly scopes: readonly string[]
    readonly message: string
  }

  export type FalconReason =
    | "unauthorized"
    | "forbidden"
    | "rate_limited"
    | "rejected"
    | "retired"
    | "unavailable"
    | "timeout"
    | "unreachable"
    | "malformed"
    | "untrusted_url"
    | "outcome_unknown"

  /** An error that can be `yield*`ed and caught by its tag. */
  interface Tagged<Tag extends string> extends Cause.YieldableError {
    readonly _tag: Tag
  }
}
