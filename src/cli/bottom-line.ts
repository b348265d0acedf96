/** A line at the bottom of the terminal that stays there while log lines go past above it. */
import { Effect, type Scope } from "effect"

export interface BottomLine {
  /** Draws the line anew. */
  readonly draw: (text: string) => void
  /** Prints a line above it. */
  readonly above: (text: string) => void
}

const clear = "\r\x1b[2K"

/**
 * Holds the bottom line until the scope closes, which leaves it as it was drawn last. Log lines are written to standard error: where that is
 * the same terminal, the bottom line gives way to each of them. Without a terminal every text is a line of its own.
 */
export const holdBottomLine: Effect.Effect<BottomLine, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const { stdout, stderr } = process
      const on_terminal = stdout.isTTY === true
      const own_write = stderr.write
      let shown = ""
      // A terminal that does not know its width says 0.
      const fitting = (text: string): string => text.slice(0, (stdout.columns || 80) - 1)
      const draw = (text: string): void => {
        shown = text
        stdout.write(on_terminal ? `${clear}${fitting(text)}` : `${text}\n`)
      }
      const above = (text: string): void =>
        void stdout.write(on_terminal ? `${clear}${text}\n${fitting(shown)}` : `${text}\n`)
      if (on_terminal && stderr.isTTY === true) {
        stderr.write = ((...args: Parameters<typeof own_write>) => {
          if (shown !== "") stdout.write(clear)
          const taken = own_write.apply(stderr, args)
          if (shown !== "") stdout.write(fitting(shown))
          return taken
        }) as typeof own_write
      }
      const end = () => {
        stderr.write = own_write
        if (on_terminal && shown !== "") stdout.write("\n")
      }
      return { draw, above, end }
    }),
    ({ end }) => Effect.sync(end),
  ),
  ({ draw, above }) => ({ draw, above }),
)
