/**
 * Health is told by the loops that do the work: each keeps one cell and says what it is doing; a plugin is as well as its
 * worst cell. Nothing here guesses from the outside, so "ok" means that data can flow.
 */
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import { z } from "zod"
import type { Immutable } from "../json-schema.ts"
import { texts } from "../limits.ts"
import { cleanText } from "../text.ts"

const status = z.enum(["ok", "degraded", "failed"])

/** Every status, from well to worst. */
export const statuses = status.options

export type Status = z.output<typeof status>

/** How one plugin is. */
const plugin_report = z.object({
  status,
  since: z.string().describe("When the status last changed, ISO 8601."),
  detail: z.string(),
})

export type Report = Immutable<z.output<typeof plugin_report>>

/** How one loop of a plugin is, and what it said last when it was not well. */
export interface PartReport extends Report {
  readonly part: string
  readonly last_error: { readonly at: string; readonly detail: string } | null
  /** The loop is well and describes what it works on: the status is that of the description. */
  readonly is_described: boolean
}

/** What `GET /health` answers. */
export const health_report = z.object({
  status: status.describe("That of the plugin that is worst."),
  version: z.string(),
  commit: z.string().describe("The commit that was built; absent from source.").optional(),
  built: z.string().describe("The time of that commit, ISO 8601; absent from source.").optional(),
  uptime_s: z.int().nonnegative(),
  plugins: z
    .record(z.string(), plugin_report)
    .describe("By plugin; `<tenant>/<plugin>` where there are several tenants."),
})

export type HealthReport = Immutable<z.output<typeof health_report>>

/** The word of one loop. */
export interface HealthCell {
  readonly set: (status: Status, detail: string) => Effect.Effect<void>
  /** For what changes with every event: asked whenever somebody looks, in place of the detail of an `ok`. */
  readonly describe: (detail: (now_ms: number) => { readonly status: Status; readonly detail: string }) => void
}

interface Cell {
  status: Status
  detail: string
  since_ms: number
  describe: ((now_ms: number) => { readonly status: Status; readonly detail: string }) | undefined
  last_error: PartReport["last_error"]
}

export class Health extends Context.Service<
  Health,
  {
    /** Opens a cell of a plugin; it is gone with the scope. */
    readonly cell: (plugin: string, part: string) => Effect.Effect<HealthCell, never, Scope.Scope>
    /** A cell of a plugin that is told after all others of the same status. */
    readonly note: (plugin: string, part: string) => Effect.Effect<HealthCell, never, Scope.Scope>
    /** The cell of what all plugins depend on, those that are switched on later as well: one for each name, as long as this lives. */
    readonly cellOfAll: (part: string) => Effect.Effect<HealthCell>
    /** Reports a plugin that was switched on: it is starting, since now. One that is reported already stays as it is. */
    readonly show: (plugin: string) => Effect.Effect<void>
    /** Reports a plugin no longer, and forgets what its cells said. */
    readonly hide: (plugin: string) => Effect.Effect<void>
    /** The plugin has come up: what readiness waits for. */
    readonly started: (plugin: string) => Effect.Effect<void>
    /** Every enabled plugin. */
    readonly report: Effect.Effect<{ readonly ready: boolean; readonly plugins: Readonly<Record<string, Report>> }>
    /** Every loop of every plugin that is on, by plugin. */
    readonly parts: Effect.Effect<Readonly<Record<string, readonly PartReport[]>>>
  }
>()("akonis/core/Health") {
  /** `plugins`: the ids of those that are on. */
  static readonly layer = (plugins: readonly string[]): Layer.Layer<Health> => Layer.effect(Health, make(plugins))
}

const rank = { ok: 0, degraded: 1, failed: 2 } as const

/** Whether one status is as bad as another, or worse. */
export const isAtLeast = (one: Status, other: Status): boolean => rank[one] >= rank[other]

/** The worst of them; `ok` for none. */
export const worst = (all: readonly Status[]): Status =>
  all.reduce<Status>((status, one) => (isAtLeast(one, status) ? one : status), "ok")

const make = Effect.fnUntraced(function* (plugins: readonly string[]) {
  const begun_ms = yield* Clock.currentTimeMillis
  const of_all = new Map<string, Cell>()
  const states = new Map(plugins.map((id) => [id, { ...starting(begun_ms, of_all), is_shown: true }]))
  const shown = () => [...states].filter(([, { is_shown }]) => is_shown)

  /** A plugin that this process does not run may be told of all the same; nobody asks for it. */
  const stateOf = (plugin: string): PluginState => {
    const state = states.get(plugin) ?? starting(begun_ms, of_all)
    states.set(plugin, state)
    return state
  }

  const open = (place: "cells" | "notes") =>
    Effect.fnUntraced(function* (plugin: string, part: string) {
      const of = stateOf(plugin)
      const state = newCell(yield* Clock.currentTimeMillis)
      const name = cleanText(part, texts.part_chars_max)
      of[place].set(name, state)
      yield* Effect.addFinalizer(() =>
        Effect.map(Clock.currentTimeMillis, (at_ms) => {
          of[place].delete(name)
          if (state.status !== "ok") noteChange(of, at_ms)
        }),
      )
      return handleOf(state, (at_ms) => noteChange(of, at_ms))
    })

  const cellOfAll = (part: string) =>
    Effect.map(Clock.currentTimeMillis, (now_ms) => {
      const state = of_all.get(part) ?? newCell(now_ms)
      of_all.set(part, state)
      return handleOf(state, (at_ms) => {
        for (const [, of] of shown()) noteChange(of, at_ms)
      })
    })

  const show = (plugin: string) =>
    Effect.map(Clock.currentTimeMillis, (at_ms) => {
      const state = stateOf(plugin)
      if (state.is_shown) return
      Object.assign(state, { is_shown: true, started: false, status: "degraded", since_ms: at_ms })
      // The order of the report is that of the switching on.
      states.delete(plugin)
      states.set(plugin, state)
      judge(state, at_ms)
    })

  const hide = (plugin: string) =>
    Effect.map(Clock.currentTimeMillis, (at_ms) => {
      const state = stateOf(plugin)
      state.is_shown = false
      for (const one of [...state.cells.values(), ...state.notes.values()])
        Object.assign(one, newCell(at_ms), { describe: one.describe })
    })

  const report = Effect.map(Clock.currentTimeMillis, (now_ms) => ({
    ready: shown().every(([, { started }]) => started),
    plugins: Object.fromEntries(shown().map(([id, state]) => [id, pluginReport(state, now_ms)])),
  }))

  const parts = Effect.map(Clock.currentTimeMillis, (now_ms) =>
    Object.fromEntries(shown().map(([id, state]) => [id, partsOf(state, now_ms)])),
  )

  const started = (plugin: string) =>
    Effect.map(Clock.currentTimeMillis, (at_ms) => {
      const state = states.get(plugin)
      if (state === undefined || state.started) return
      state.started = true
      judge(state, at_ms)
    })

  return Health.of({ cell: open("cells"), note: open("notes"), cellOfAll, show, hide, started, report, parts })
})

const newCell = (now_ms: number): Cell => ({
  status: "ok",
  detail: "",
  since_ms: now_ms,
  describe: undefined,
  last_error: null,
})

/** What the owner of a cell gets. `onChange` is called when the status has changed. */
const handleOf = (state: Cell, onChange: (at_ms: number) => void): HealthCell => ({
  set: (status, detail) =>
    Effect.map(Clock.currentTimeMillis, (at_ms) => {
      const changes = state.status !== status
      state.status = status
      state.detail = cleanText(detail, texts.cell_chars_max)
      if (status !== "ok") state.last_error = { at: iso(at_ms), detail: state.detail }
      if (!changes) return
      state.since_ms = at_ms
      onChange(at_ms)
    }),
  describe: (detail) => {
    state.describe = detail
  },
})

/** One plugin: its cells, and since when it has been as it is. */
interface PluginState {
  readonly cells: Map<string, Cell>
  /** Those that are told last. */
  readonly notes: Map<string, Cell>
  /** Those of what all plugins depend on. */
  readonly of_all: ReadonlyMap<string, Cell>
  is_shown: boolean
  started: boolean
  status: Status
  since_ms: number
}

const starting = (begun_ms: number, of_all: ReadonlyMap<string, Cell>): PluginState => ({
  cells: new Map(),
  notes: new Map(),
  of_all,
  is_shown: false,
  started: false,
  status: "degraded",
  since_ms: begun_ms,
})

/**
 * The word of one cell has changed. The cells that describe themselves are asked only where they decide: a thousand partitions change a
 * thousand times while they start, and to ask all of them each time took a fifth of what the start cost.
 */
const noteChange = (state: PluginState, now_ms: number): void => {
  const told = unlessStarting(state, worst(allCells(state).map(([, { status }]) => status)))
  if (rank[told] < rank[state.status]) judge(state, now_ms)
  else become(state, told, now_ms)
}

/** A plugin that is starting is not well yet, whatever its cells say. */
const unlessStarting = ({ started }: PluginState, of_parts: Status): Status =>
  of_parts === "ok" && !started ? "degraded" : of_parts

/** Looks at all cells; notes the time when that changes how the plugin is. */
const judge = (state: PluginState, now_ms: number) => {
  const parts = allCells(state).map(([part, cell]) => ({ part, ...toldBy(cell, now_ms) }))
  const of_parts = worst(parts.map((part) => part.status))
  become(state, unlessStarting(state, of_parts), now_ms)
  return { parts, is_starting: of_parts !== state.status }
}

const become = (state: PluginState, status: Status, now_ms: number): void => {
  if (status !== state.status) state.since_ms = now_ms
  state.status = status
}

const allCells = ({ cells, notes, of_all }: PluginState) => [...of_all, ...cells, ...notes]

const partsOf = (state: PluginState, now_ms: number): readonly PartReport[] =>
  allCells(state).map(([part, cell]) => ({
    part,
    since: iso(cell.since_ms),
    last_error: cell.last_error,
    is_described: cell.status === "ok" && cell.describe !== undefined,
    ...toldBy(cell, now_ms),
  }))

const toldBy = (cell: Cell, now_ms: number): { readonly status: Status; readonly detail: string } => {
  const live = cell.status === "ok" ? cell.describe?.(now_ms) : undefined
  if (live === undefined) return { status: cell.status, detail: cell.detail }
  return { status: live.status, detail: cleanText(live.detail, texts.cell_chars_max) }
}

const pluginReport = (state: PluginState, now_ms: number): Report => {
  const { parts, is_starting } = judge(state, now_ms)
  const { status, since_ms } = state
  const shown = parts.filter((part) => part.status === status && part.detail !== "")
  const detail = is_starting ? "starting" : joined(shown.map(({ part, detail }) => `${part}: ${detail}`))
  return { status, since: iso(since_ms), detail }
}

/** As many as fit, and how many more there are. */
const joined = (details: readonly string[]): string => {
  let chars = 0
  const fitting = details.findIndex((detail) => {
    chars += detail.length + 2
    return chars > texts.health_chars_max
  })
  const shown = fitting < 0 ? details : details.slice(0, Math.max(1, fitting))
  const more = details.length - shown.length
  return shown.join("; ") + (more === 0 ? "" : `; and ${more} more`)
}

const iso = (ms: number): string => new Date(ms).toISOString()
