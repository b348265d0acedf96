/** The tasks that a modelled Sekoia makes of pushes: assets are taken when their task is finished. */

import type { Item } from "../oracles/fleet-oracle.ts"
import type { Answer } from "./falcon.ts"

type Ending = "finish" | "fail" | "hang"

interface Task {
  readonly items: readonly Item[]
  readonly ending: Ending
  readonly until_ms: number
}

export class AssetTasks {
  private readonly tasks: Task[] = []

  /** Whether there has been one: a Sekoia that names a task for one push names one for every later push. */
  get areMade(): boolean {
    return this.tasks.length > 0
  }

  /** The answer to a push. */
  begin(items: readonly Item[], ending: Ending, until_ms: number): Answer {
    this.tasks.push({ items, ending, until_ms })
    return { status: 200, body: JSON.stringify({ task_id: String(this.tasks.length - 1) }) }
  }

  /** The answer to a question after one, and what came of its assets. */
  look(path: string, now_ms: number): Answer {
    const task = this.of(path)
    if (task === undefined) return { status: 404, body: "{}" }
    const is_open = task.ending === "hang" || now_ms < task.until_ms
    const status = is_open ? "RUNNING" : task.ending === "fail" ? "FAILED" : "FINISHED"
    return { status: 200, body: JSON.stringify({ uuid: path, status, error: status === "FAILED" ? "a fault" : null }) }
  }

  /** Whose task it is. */
  itemsOf(path: string): readonly Item[] {
    return this.of(path)?.items ?? []
  }

  private of(path: string): Task | undefined {
    return this.tasks[Number(path.slice(path.lastIndexOf("/") + 1))]
  }
}
