import type { Ledger } from "./account.ts"
import type { Emitted } from "./api/emitted.ts"
import type { Inventory } from "./api/inventory.ts"
import type { People } from "./api/people.ts"
import type { ApiState } from "./api/state.ts"
import type { AssetLedger } from "./asset-ledger.ts"
import type { SimClock } from "./clock.ts"
import type { Deed, FaultSchedule, Place } from "./faults.ts"
import type { Child, SimulatorSettings } from "./options.ts"
import type { Tape } from "./tape.ts"
import type { Tenant } from "./tenant.ts"

/** What the routes of one simulator share. */
export interface SimContext {
  readonly settings: SimulatorSettings
  readonly clock: SimClock
  readonly started_ms: number
  readonly tenant: Tenant
  /** Whose budgets per source address count: its own, or those of the estate that it belongs to. */
  readonly address: Tenant
  /** The customers that Flight Control lists below this one. */
  readonly children: ReadonlyMap<string, Child>
  /** Every partition that ever was. */
  readonly tapes: Map<number, Tape>
  /** The partitions that a listing shows. */
  readonly listed: Set<number>
  readonly faults: FaultSchedule
  readonly ledger: Ledger
  /** What the API beside the event streams remembers. */
  readonly api: ApiState
  /** The detections that the event streams tell of, by their ids. */
  readonly emitted: () => ReadonlyMap<string, Emitted>
  /** All hosts, those of the fleet included. */
  readonly inventory: Inventory
  readonly people: People
  /** What Sekoia's asset API took. */
  readonly assets: AssetLedger
  /** Wakes the streams that wait, after something changed that they should look at. */
  readonly streams: Set<{ wake(): void }>
  /** A listening server carries the answers, not a caller in this process. */
  readonly over_sockets: boolean
  /** Aborted when the simulator closes or starts afresh. */
  readonly closed: AbortSignal
}

/** The connection ends without an answer. `listen` breaks the socket; in process, `fetch` rejects with this. */
export class ConnectionReset extends Error {
  override readonly name = "ConnectionReset"
  readonly code = "ECONNRESET"

  constructor() {
    super("the simulator closed the connection")
  }
}

/** Lets streams that wait look at the world again. */
export function wakeStreams(sim: SimContext): void {
  for (const stream of sim.streams) stream.wake()
}

const route_deeds = ["empty", "accept_then_fail", "task_fails", "task_hangs"] as const
type RouteDeed = (typeof route_deeds)[number]
const isForRoute = (deed: Deed): deed is RouteDeed => (route_deeds as readonly unknown[]).includes(deed)

/** Lets a fault strike a request. An answer ends the request; what `route_deeds` names is for the route to do. */
export async function struck(
  sim: SimContext,
  place: Place,
  partition: number | undefined,
  request: Request,
): Promise<Response | RouteDeed | undefined> {
  const deed = sim.faults.strike(place, partition, sim.clock.now(), new URL(request.url).pathname)
  if (deed === undefined) return undefined
  if (isForRoute(deed)) return deed
  if (deed === "hang") {
    await aborted(request.signal, sim.closed)
    throw new ConnectionReset()
  }
  if (typeof deed === "string") throw new ConnectionReset()
  if ("status" in deed) {
    const { status, headers, body } = deed
    const message = { errors: [{ code: status, message: "fault of the simulator" }] }
    return new Response(body ?? JSON.stringify(message), {
      status,
      headers: { "content-type": "application/json", ...headers },
    })
  }
  if ("redirect" in deed) {
    const { location, status } = deed.redirect
    return new Response(null, {
      status: status ?? 308,
      headers: { location, "x-cs-region": sim.settings.region },
    })
  }
  if ("slow" in deed) await sim.clock.sleep(deed.slow.delay_ms, request.signal)
  return undefined
}

function aborted(...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) return resolve()
    for (const signal of signals) signal.addEventListener("abort", () => resolve(), { once: true })
  })
}
