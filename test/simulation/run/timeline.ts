/** What happened in a run, in order, to read. */
const lines_kept = 100_000

export class Timeline {
  private readonly lines: { readonly at_ms: number; readonly partition: number | undefined; readonly what: string }[] =
    []

  private ended = false

  private readonly now_ms: () => number

  constructor(now_ms: () => number) {
    this.now_ms = now_ms
  }

  readonly note = (what: string, partition?: number): void => {
    if (!this.ended && this.lines.length < lines_kept) this.lines.push({ at_ms: this.now_ms(), partition, what })
  }

  /** Nothing after this is of interest. */
  end(): void {
    this.ended = true
  }

  /** The last lines: time, partition, what happened. */
  text(lines = lines_kept): string {
    return this.lines
      .slice(-lines)
      .map(
        ({ at_ms, partition, what }) =>
          `${clockTime(at_ms)}  ${partition === undefined ? "  " : `p${partition}`}  ${what}`,
      )
      .join("\n")
  }
}

const clockTime = (ms: number): string => `${Math.floor(ms / 3_600_000)}:${new Date(ms).toISOString().slice(14, 23)}`
