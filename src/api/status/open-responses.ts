/**
 * Responses that stay open and send messages as they come: `/status/stream` and the tap. A reader that falls behind misses messages; they
 * are not held in memory for it.
 */
import { Effect } from "effect"

/** Sends a message; false when the reader is too far behind, and the message was left out. */
type Send = (text: string) => boolean

interface OpenResponseOptions {
  /** Messages that may wait for the reader. */
  readonly waiting_bytes_max: number
  readonly life_ms: number
  /** The tenant that the messages are about; all when left out. */
  readonly tenant?: string
}

/** All open responses of a process: whoever stops the process, or removes a tenant, ends them. */
export class OpenResponses {
  /** The function that ends a response, and the tenant that it is about. */
  private readonly open = new Map<() => void, string | undefined>()

  /**
   * A body that ends when its reader goes, after `life_ms`, or when it is ended here. `begin` is called once, with the function that sends,
   * and returns what is called at the end.
   */
  body({ waiting_bytes_max, life_ms, tenant }: OpenResponseOptions, begin: (send: Send) => () => void) {
    const encoder = new TextEncoder()
    let end = () => {}
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          let is_over = false
          let finish = () => {}
          const timer = setTimeout(() => end(), life_ms)
          end = () => {
            if (is_over) return
            is_over = true
            clearTimeout(timer)
            this.open.delete(end)
            finish()
            try {
              controller.close()
            } catch {
              // Its reader has closed it.
            }
          }
          this.open.set(end, tenant)
          const send: Send = (text) => {
            if (is_over || (controller.desiredSize ?? 0) <= 0) return false
            controller.enqueue(encoder.encode(text))
            return true
          }
          finish = begin(send)
        },
        cancel: () => end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: waiting_bytes_max }),
    )
  }

  readonly endAll: Effect.Effect<void> = Effect.sync(() => {
    for (const end of [...this.open.keys()]) end()
  })

  /** Ends the responses that are about these tenants alone. */
  endOf(tenants: readonly string[]): Effect.Effect<void> {
    return Effect.sync(() => {
      for (const [end, tenant] of [...this.open]) if (tenant !== undefined && tenants.includes(tenant)) end()
    })
  }
}
