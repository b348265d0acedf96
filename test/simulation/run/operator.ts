/** Somebody who looks at health now and then, and does what it says about offsets that began anew. */
import type { MemoryDisk } from "../../support/memory-disk.ts"
import { parseObject } from "../oracles/letters.ts"
import type { Machine } from "./machine.ts"

export interface OperatorOptions {
  readonly machine: Machine
  readonly disk: MemoryDisk
  readonly data_dir: string
  readonly note: (what: string, partition?: number) => void
  readonly onOffsetDeleted: (partition: number) => void
}

const told = /partition (\d+): opened at offset \d+, the feed began at \d+[^;]*; if the tenant's offsets began anew/g
const down_ms = 60_000

export class Operator {
  /** What health said at the last look. */
  private before: readonly number[] = []

  private readonly options: OperatorOptions

  constructor(options: OperatorOptions) {
    this.options = options
  }

  /** What is said twice is done: the process is stopped, the partition's line deleted, the process started again. */
  look(): void {
    const { machine, note } = this.options
    const now = [...machine.health().matchAll(told)].map(([, partition]) => Number(partition))
    const again = now.filter((partition) => this.before.includes(partition))
    this.before = now
    if (again.length === 0) return
    note(`health says that the offsets of partition ${again.join(", ")} began anew`)
    machine.stop(down_ms, () => {
      for (const partition of again) this.deleteOffset(partition)
    })
  }

  private deleteOffset(partition: number): void {
    const { disk, data_dir, note, onOffsetDeleted } = this.options
    const path = `${data_dir}/cache.json`
    const stored = Object.entries(parseObject(disk.read(path) ?? "") ?? {})
    const kept = stored.filter(([root_url]) => !root_url.endsWith(`/${partition}`))
    note("its line in cache.json is deleted", partition)
    disk.write(path, JSON.stringify(Object.fromEntries(kept)))
    onOffsetDeleted(partition)
  }
}
