/** The simulator in a process of its own: `akonis simulate`, steered over its control routes. */
import { writeFileSync } from "node:fs"
import type { Account } from "../../simulator/account.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import { type Child, type Start, start_ms_max } from "./child.ts"
import { until } from "./waiting.ts"

/** A simulator that stands still for a while, on a machine that does other work, answers late. */
const answer_ms_max = 90_000

export type Fault = NonNullable<SimulatorOptions["faults"]>[number]

export interface Simulated {
  readonly child: Child
  readonly url: string
  readonly settings: SimulatorOptions
  readonly account: () => Promise<Account>
  /** The offsets of intact events that the intake does not have, by partition. */
  readonly undelivered: () => Promise<Readonly<Record<string, readonly number[]>>>
  readonly state: () => Promise<Simulator["state"]>
  readonly addFault: (fault: Fault) => Promise<void>
  readonly removeFaults: () => Promise<void>
  /** Ends every session, as Falcon does now and then. */
  readonly endSessions: () => Promise<void>
  /** No event comes any more; answers how many there are. */
  readonly endEvents: () => Promise<number>
  /** Waits until the intake has taken so many events. */
  readonly delivered: (events: number, timeout_ms?: number) => Promise<void>
  /** Waits until so many requests to the intake have been seen, answered or not. */
  readonly posts: (requests: number) => Promise<void>
  /** Waits until every intact event that will ever exist has been taken. */
  readonly allDelivered: (timeout_ms: number) => Promise<void>
}

/** Starts it on any free port; `folder` gets the scenario file. */
export const simulate = async (settings: SimulatorOptions, folder: string, start: Start): Promise<Simulated> => {
  const scenario = `${folder}/scenario.yaml`
  // JSON is YAML.
  writeFileSync(scenario, JSON.stringify(settings))
  const child = start(["simulate", "--port", "0", "--scenario", scenario], { env: {}, cwd: folder })
  const url = await until("the address of the simulator", () => addressOf(child), start_ms_max)
  const ask = async <A>(path: string, init: RequestInit = {}): Promise<A> => {
    const answer = await fetch(`${url}/_sim/${path}`, { ...init, signal: AbortSignal.timeout(answer_ms_max) })
    if (!answer.ok) throw new Error(`the simulator answered ${answer.status} to ${path}: ${await answer.text()}`)
    return (await answer.json()) as A
  }
  const post = (path: string, body: unknown) => ask<void>(path, { method: "POST", body: JSON.stringify(body) })
  const account = () => ask<Account>("account")
  /** How many events there will ever be, once they were ended. */
  let events_ended: number | undefined
  return {
    child,
    url,
    settings,
    account,
    undelivered: () => ask("undelivered"),
    state: () => ask("state"),
    addFault: (fault) => post("faults", fault),
    removeFaults: () => ask("faults", { method: "DELETE" }),
    endSessions: () => post("sessions/end", {}),
    endEvents: async () => {
      const { events } = await ask<{ readonly events: number }>("events/end", { method: "POST" })
      events_ended = events
      return events
    },
    delivered: async (events, timeout_ms) => {
      const enough = async () => ((await account()).total.delivered >= events ? true : undefined)
      await until(`${events} delivered events`, enough, timeout_ms)
    },
    posts: async (requests) => {
      const enough = async () => {
        const state = await ask<Simulator["state"]>("state")
        return state.requests.filter((request) => request.path === "/batch").length >= requests ? true : undefined
      }
      await until(`${requests} requests to the intake`, enough)
    },
    allDelivered: async (timeout_ms) => {
      const complete = async () => (isComplete(await account(), settings, events_ended) ? true : undefined)
      await until("the delivery of every event", complete, timeout_ms, 100)
    },
  }
}

const addressOf = (child: Child): string | undefined => {
  if (!child.isRunning()) throw new Error(`the simulator did not start: ${child.stderr()}`)
  return /simulated on (http:\/\/\S+):/.exec(child.stdout().toString())?.[1]
}

/** No event is still to come, and the intake has all that it should take. */
const isComplete = ({ total }: Account, settings: SimulatorOptions, events_ended: number | undefined): boolean => {
  const { partitions = 1, events_per_partition = 1_000, events_per_second = 0, retention = 0 } = settings
  if (events_ended !== undefined) return total.available === events_ended && total.undelivered.events === 0
  const per_partition = events_per_second === 0 ? events_per_partition : (settings.events_max ?? Number.NaN)
  return total.available === partitions * (per_partition - retention) && total.undelivered.events === 0
}

/** What Falcon was asked for, as far as the simulator remembers. */
export const requestsTo = async (simulated: Simulated) => {
  const { requests } = await simulated.state()
  const count = (path: string) => requests.filter((request) => request.path.startsWith(path)).length
  return {
    listings: count("/sensors/entities/datafeed/v2"),
    opens: count("/sensors/entities/datafeed/v1/"),
    refreshes: count("/sensors/entities/datafeed-actions/"),
  }
}
