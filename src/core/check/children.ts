/** What `akonis check` finds out about the children of a Flight Control parent: whether they may be listed, and which of them can be started. */
import { Effect, Result } from "effect"
import { tellUnready } from "../config/children.ts"
import type { Config } from "../config/config.ts"
import type { Falcon } from "../falcon/client.ts"
import { listChildren } from "../flight-control/list-children.ts"
import { type Finding, ok, warning } from "./check.ts"
import { falconFinding } from "./falcon-finding.ts"

type WithParent = Pick<Config, "tenants"> & { readonly flight_control: NonNullable<Config["flight_control"]> }

/** Lists the children with the parent's client, and compares them with those that a process has noted. */
export const childrenFinding = ({ tenants, flight_control }: WithParent): Effect.Effect<Finding, never, Falcon> =>
  Effect.gen(function* () {
    const listed = yield* Effect.result(listChildren)
    if (Result.isFailure(listed)) return falconFinding(listed.failure)
    const { children } = listed.success
    const { size } = children
    if (size === 0) return warning("Falcon lists no child", "check that the API client is one of the parent's")
    const known = new Set([
      ...tenants.map(({ credentials }) => credentials.member_cid),
      ...flight_control.unready.map(({ cid }) => cid),
    ])
    const fresh = [...children.keys()].filter((cid) => !known.has(cid)).length
    const counted = `${size} ${size === 1 ? "child" : "children"}${fresh === 0 ? "" : `, ${fresh} of them new: akonis run starts those that lack nothing, and health names the others`}`
    const unlisted = new Map([...flight_control.unlisted].filter(([cid]) => !children.has(cid)))
    const unready = tellUnready({ ...flight_control, unlisted })
    return unready === ""
      ? ok(counted)
      : warning(`${counted}; ${unready}`, "give each child what it lacks, or leave it out on purpose")
  })
