/** What requests are for, as whoever makes them says; the pools share their connections out by it. */
import { Context, Effect } from "effect"
import type { Purpose } from "./pool.ts"

/** The purpose of all requests of an effect, unless a part of it names another. */
export const RequestPurpose = Context.Reference<Purpose>("akonis/core/RequestPurpose", {
  defaultValue: () => "lookup",
})

/** Marks what an effect asks the network for. */
export const forPurpose = (purpose: Purpose) => Effect.provideService(RequestPurpose, purpose)
