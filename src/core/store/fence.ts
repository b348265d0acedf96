/**
 * Whose work a unit is, in a cluster. Each time a process begins a unit (a plugin's work for a tenant), the unit gets a higher epoch in the
 * database. What the work stores is stored only while its epoch is still the unit's: a process that was frozen while another
 * one took over stores nothing any more, whatever it still believes.
 */
import { Context, type Deferred } from "effect"

export interface Fence {
  /** `<tenant>/<plugin>`. */
  readonly unit: string
  /** Rises by one with each takeover. */
  readonly epoch: number
  /** Completes when the database has told that another process has the unit: the work has to end. */
  readonly lost: Deferred.Deferred<void>
}

/** The fence of the work that a fiber belongs to; `undefined` outside of a cluster, and for what no unit does. */
export const Fenced = Context.Reference<Fence | undefined>("akonis/core/Fenced", { defaultValue: () => undefined })
