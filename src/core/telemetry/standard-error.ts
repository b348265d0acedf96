/**
 * Standard error, which whoever started this process may stop reading, or lead to a disk that is full. Neither ends the process, stops
 * it or fills its memory: what cannot be written is counted, and told once it can be again.
 */
import { Effect, type Scope } from "effect"
import { log_output as limits } from "../limits/operator.ts"
import { RepeatsAs } from "./repeats.ts"

let waiting_bytes = 0
let lost = 0
let is_listened_to = false

/** Writes text, or counts it as lost: where nobody takes it, or so much waits already. Never throws, never waits. */
export const writeError = (text: string): void => {
  const bytes = Buffer.byteLength(text)
  if (waiting_bytes + bytes > limits.waiting_bytes_max) {
    lost++
    return
  }
  // An error that nobody listens to ends the process, and a write that fails is one.
  if (!is_listened_to) process.stderr.on("error", () => undefined)
  is_listened_to = true
  let held_bytes = 0
  let is_over = false
  const is_taken = process.stderr.write(text, (error) => {
    is_over = true
    waiting_bytes -= held_bytes
    if (error) lost++
  })
  if (is_taken || is_over) return
  held_bytes = bytes
  waiting_bytes += bytes
}

/** Writes that were lost since the process began. */
export const lostLines = (): number => lost

/** Tells in the log what was lost, once lines arrive again; until the scope closes. */
export const tellLostLines: Effect.Effect<void, never, Scope.Scope> = Effect.gen(function* () {
  let told = 0
  /** What was told last, unless that line was lost as well. */
  let telling: number | undefined
  const look = Effect.suspend(() => {
    if (telling === lost) told = lost
    telling = undefined
    if (told === lost || waiting_bytes > 0) return Effect.void
    telling = lost
    return Effect.logWarning(
      `${lost - told} log lines were lost: what standard error leads to did not take them, or nobody read it`,
    ).pipe(Effect.provideService(RepeatsAs, "each"))
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(limits.lost_look_ms), look)))
}).pipe(Effect.asVoid)
