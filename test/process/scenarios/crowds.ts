/** Callers who open far more connections than the process has descriptors, send nothing whole, and come again when they are sent away. */
import { readdirSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { type Outcome, withLab } from "../harness.ts"
import { until } from "../waiting.ts"

export interface CrowdOutcome extends Outcome {
  /** Connections of theirs that were ended before all events were delivered. */
  readonly ended: number
  /** HTTP status of `/health/live` once they have gone. */
  readonly live: number
  /** Offsets that are stored, once they have gone. */
  readonly committed: number
}

const sent = {
  "no byte": "",
  "half a head": "GET / HTTP/1.1\r\nHost: localhost\r\n",
  "half a body": "POST /docs/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntoken=",
  "kept open": "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
}

const again_ms = 1_000

/**
 * `connections`: callers, a quarter of each kind. Once they are there Falcon ends every session and the intake takes its first
 * event, so that delivery needs descriptors, too: for new feeds, and to store offsets.
 */
export const crowd = (options: {
  readonly descriptors_max: number
  readonly connections: number
  readonly events: number
}): Promise<CrowdOutcome> =>
  withLab(async (lab) => {
    const { descriptors_max, connections, events } = options
    const simulated = await lab.simulate({
      seed: 67,
      partitions: 2,
      events_per_partition: events,
      faults: [{ on: "intake", every: 1, do: { status: 500 } }],
    })
    const worker = await lab.work(simulated, { command: "run", descriptors_max })
    await simulated.posts(1)
    const callers = openCallers(Number(new URL(worker.url).port), connections)
    const isCrowded = () =>
      readdirSync(`/proc/${worker.child.pid}/fd`).length > descriptors_max / 2 || callers.ended() > 0
    await until("a crowd of callers", () => (isCrowded() ? true : undefined))
    await simulated.endSessions()
    await simulated.removeFaults()
    await simulated.allDelivered(120_000)
    const ended = callers.ended()
    callers.leave()
    const live = await until("an answer of /health/live", () => statusOf(`${worker.url}/health/live`))
    const outcome = await lab.finish(simulated, worker, 60_000)
    const committed = Object.values(worker.cache() ?? {}).reduce((sum, offset) => sum + offset, 0)
    return { ...outcome, ended, live, committed }
  })

const openCallers = (port: number, count: number) => {
  const sockets = new Set<Socket>()
  let ended = 0
  let is_over = false
  const open = (bytes: string): void => {
    if (is_over) return
    const socket = connect(port, "127.0.0.1", () => void socket.write(bytes))
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.on("data", () => undefined)
    socket.on("close", () => {
      sockets.delete(socket)
      if (!is_over) ended++
      setTimeout(() => open(bytes), again_ms)
    })
  }
  const kinds = Object.values(sent)
  for (let i = 0; i < count; i++) open(kinds[i % kinds.length]!)
  return {
    ended: () => ended,
    leave: () => {
      is_over = true
      for (const socket of sockets) socket.destroy()
    },
  }
}

const statusOf = (url: string): Promise<number | undefined> =>
  fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(2_000) }).then(
    ({ status }) => status,
    () => undefined,
  )
