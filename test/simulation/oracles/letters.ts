/** The dead letters of a data folder, as far as they would survive a power failure; each is given once. */
import type { MemoryDisk } from "../../support/memory-disk.ts"

export interface Letter {
  readonly reason: string
  readonly detail: string
  /** The bytes that are kept. */
  readonly raw: Uint8Array
}

const nothing = new Uint8Array()
const line_feed = 10

export class Letters {
  /** Bytes of each file that have been given. */
  private readonly read = new Map<string, number>()

  private readonly disk: MemoryDisk
  private readonly folder: string

  constructor(disk: MemoryDisk, data_dir: string, folder = `${data_dir}/dead-letters`) {
    this.disk = disk
    this.folder = folder
  }

  /** What is safe and has not been given before. */
  next(): readonly Letter[] {
    return this.disk.safeNames(this.folder).flatMap((file) => {
      const bytes = this.disk.readSafeBytes(`${this.folder}/${file}`) ?? nothing
      const from = this.read.get(file) ?? 0
      // A line that a crash or a full disk cut short has no end yet.
      const end = bytes.lastIndexOf(line_feed) + 1
      if (end <= from) return []
      this.read.set(file, end)
      return new TextDecoder().decode(bytes.subarray(from, end)).split("\n").flatMap(letterOf)
    })
  }
}

export const letterOf = (line: string): readonly Letter[] => {
  const letter = parseObject(line)
  if (letter === undefined) return []
  const raw = Buffer.from(String(letter.raw), letter.encoding as "utf8")
  return [{ reason: String(letter.reason), detail: String(letter.detail), raw }]
}

/** The JSON object in `text`, if it is one. */
export const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
