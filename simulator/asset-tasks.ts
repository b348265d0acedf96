/** The tasks of newer platforms: a push of assets is answered at once, and taken when its task is finished. */

export type Item = Readonly<Record<string, unknown>>

/** `hang`: it never ends, and takes nothing. */
export type Ending = "finish" | "fail" | "hang"

interface Task {
  readonly items: readonly Item[]
  readonly ending: Ending
  readonly until_ms: number
  settled: boolean
}

export class AssetTasks {
  readonly #tasks = new Map<string, Task>()
  /** Tasks that were made, those that are through, and times that somebody asked. */
  readonly counts = { begun: 0, finished: 0, failed: 0, asked: 0 }

  private readonly accept: (items: readonly Item[]) => void

  constructor(accept: (items: readonly Item[]) => void) {
    this.accept = accept
  }

  /** Answers the id. */
  begin(items: readonly Item[], ending: Ending, until_ms: number): string {
    this.counts.begun++
    const id = `00000000-0000-4000-8000-${String(this.counts.begun).padStart(12, "0")}`
    this.#tasks.set(id, { items, ending, until_ms, settled: false })
    return id
  }

  /** Its state, as Sekoia words it; `undefined` for a task that nobody made. */
  look(
    id: string,
    now_ms: number,
  ): { readonly uuid: string; readonly status: string; readonly error?: string } | undefined {
    this.counts.asked++
    for (const task of this.#tasks.values()) this.#end(task, now_ms)
    const task = this.#tasks.get(id)
    if (task === undefined) return undefined
    if (!task.settled) return { uuid: id, status: now_ms === task.until_ms ? "PENDING" : "RUNNING" }
    if (task.ending === "finish") return { uuid: id, status: "FINISHED" }
    return { uuid: id, status: "FAILED", error: "fault of the simulator" }
  }

  #end(task: Task, now_ms: number): void {
    if (task.settled || task.ending === "hang" || now_ms < task.until_ms) return
    task.settled = true
    if (task.ending === "fail") this.counts.failed++
    else {
      this.counts.finished++
      this.accept(task.items)
    }
  }
}
