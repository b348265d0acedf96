/**
 * Where batches change hands between the reader and the sender of a partition. A few may wait; when they do, the reader
 * stops. Both sides wait only for a signal, never for a value, so that interrupting either of them, at any instant, can
 * neither lose a batch nor hold one back.
 */
import { Effect, Latch } from "effect"
import { delivery } from "./limits.ts"
import type { Batch } from "./lines/batch.ts"

export class Handoff {
  private readonly waiting: Batch[] = []
  private readonly space = Latch.makeUnsafe(true)
  private readonly work = Latch.makeUnsafe(false)
  /** Opened whenever a batch is put in the queue. */
  private readonly arrival = Latch.makeUnsafe(false)
  private ended = false
  private idle = false
  private stretched = false

  private readonly batches_waiting_max: number

  constructor(batches_waiting_max: number) {
    this.batches_waiting_max = batches_waiting_max
  }

  get hasSpace(): boolean {
    return (
      this.waiting.length < this.batches_waiting_max ||
      (this.stretched &&
        this.waiting.reduce((sum, { count, rejects }) => sum + count + rejects.length, 0) < delivery.batch_events_max)
    )
  }

  /** Nothing is in flight and nothing waits. */
  get isIdle(): boolean {
    return this.idle && this.waiting.length === 0
  }

  /** Those that wait, the next one first. */
  get next(): readonly Batch[] {
    return this.waiting
  }

  /** Waits for a batch that is put in the queue from now on. */
  readonly untilPut: Effect.Effect<void> = Effect.suspend(() => {
    this.arrival.closeUnsafe()
    return this.arrival.await
  })

  /**
   * While the destination refuses one event after the other, as many events may wait as one batch of the usual size holds, however
   * small the batches are: one of them may be of another kind.
   */
  stretch(on: boolean): void {
    this.stretched = on
    if (this.hasSpace) this.space.openUnsafe()
    else this.space.closeUnsafe()
  }

  /** Puts a batch in the queue. Call it only, and at once, when there {@link hasSpace}. */
  put(batch: Batch): void {
    this.waiting.push(batch)
    if (!this.hasSpace) this.space.closeUnsafe()
    this.work.openUnsafe()
    this.arrival.openUnsafe()
  }

  /** Waits until there is space. */
  readonly untilSpace: Effect.Effect<void> = Effect.suspend(() => this.space.await)

  /** No more batches will come. */
  end(): void {
    this.ended = true
    this.work.openUnsafe()
  }

  /** Hands every batch to `send`, one at a time and in order, until the end. `onIdle` is called when none is left, and may put one. */
  drainTo<R>(send: (batch: Batch) => Effect.Effect<void, never, R>, onIdle = () => {}): Effect.Effect<void, never, R> {
    const self = this
    return Effect.gen(function* () {
      for (;;) {
        const batch = self.waiting.shift()
        if (batch !== undefined) {
          self.idle = false
          if (self.hasSpace) self.space.openUnsafe()
          yield* send(batch)
        } else if (self.ended) return
        else {
          self.work.closeUnsafe()
          self.idle = true
          onIdle()
          yield* self.work.await
        }
      }
    })
  }
}
