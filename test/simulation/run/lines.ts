/** The lines of all processes to the modelled database, and the eyes of the oracle: ways, failures, statements that arrive late. */
import { Effect } from "effect"
import type { Random } from "../../../simulator/events/random.ts"
import { cluster_database } from "../../../src/core/cluster/limits.ts"
import type { ClusterScenario, LineFault } from "../generate/cluster-scenario.ts"
import { type ModelStore, makeStore } from "../model/store.ts"
import type { ClusterOracle } from "../oracles/cluster-oracle.ts"
import { type Ask, connectionBroken } from "./database-line.ts"
import type { Gate, Process } from "./runner.ts"
import { reach, type VirtualTime } from "./time.ts"

export class Lines {
  /** Without a name: of all. */
  private readonly failing: {
    readonly name: string | undefined
    readonly until_ms: number
    readonly how: LineFault
  }[] = []
  private readonly store: ModelStore<Process>
  private was_fenced = false

  private readonly scenario: ClusterScenario
  private readonly time: VirtualTime
  private readonly oracle: ClusterOracle
  private readonly note: (what: string) => void

  constructor(scenario: ClusterScenario, time: VirtualTime, oracle: ClusterOracle, note: (what: string) => void) {
    this.scenario = scenario
    this.time = time
    this.oracle = oracle
    this.note = note
    const { onClaimed, onCommitted, onWritten } = oracle.watcher
    this.store = makeStore<Process>({
      onClaimed: (by, epoch) => {
        note(`${by.name} begins epoch ${epoch}`)
        onClaimed?.(by, epoch)
      },
      onCommitted: (by, partition, offset) => {
        note(`${by.name} stores offset ${offset}`)
        onCommitted?.(by, partition, offset)
      },
      onWritten: (by, name, bytes) => onWritten?.(by, name, bytes),
      onFenced: ({ name }) => {
        note(`${name} is told that its epoch is over`)
        this.was_fenced = true
      },
    })
  }

  fail(name: string | undefined, for_ms: number, how: LineFault): void {
    this.note(`the line of ${name ?? "all"} to the database: ${how} for ${for_ms / 1_000} s`)
    this.failing.push({ name, how, until_ms: this.time.now_ms + for_ms })
  }

  faultOf(name: string): LineFault | undefined {
    return this.failing.find((one) => (one.name ?? name) === name && this.time.now_ms < one.until_ms)?.how
  }

  /** The line of one process. */
  of(name: string, process: Process, gate: Gate, random: Random): Ask {
    const { time, oracle } = this
    const way_ms = () => random.int(0, this.scenario.line_ms_max)
    return (text, params) =>
      Effect.callback<Awaited<ReturnType<ModelStore<Process>>>, ReturnType<typeof connectionBroken>>((resume) => {
        let is_wanted = true
        const tellOver = oracle.over(process)
        const reply = (answer: Parameters<typeof resume>[0], told: () => void = () => undefined) =>
          time.after(way_ms(), () =>
            reach(process.life, () => {
              if (!is_wanted || !process.life.alive) return
              is_wanted = false
              told()
              resume(answer)
            }),
          )
        const carryOut = () => {
          this.was_fenced = false
          const rows = this.store(text, params, process)
          const epoch = rows[0]?.epoch
          const told = this.was_fenced
            ? tellOver
            : () => {
                if (epoch !== undefined) oracle.began(process, Number(epoch))
              }
          return { rows, told }
        }
        const sent_into = this.faultOf(name)
        time.after(way_ms(), () => {
          switch (sent_into ?? this.faultOf(name)) {
            case "refused":
              return reply(Effect.fail(connectionBroken("connection refused")))
            case "hangs":
              return undefined
            case "answer_lost":
              return void carryOut()
            case "answer_reset":
              carryOut()
              return reply(Effect.fail(connectionBroken("connection reset")))
            case "late":
              return time.after(cluster_database.statement_ms_max + 2_000, () => void carryOut())
            default: {
              const { rows, told } = carryOut()
              return reply(Effect.succeed(rows), told)
            }
          }
        })
        return Effect.sync(() => {
          is_wanted = false
        })
      }).pipe((asking) => gate("a statement", asking))
  }
}
