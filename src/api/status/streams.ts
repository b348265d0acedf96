/** Bodies without end for those who look on: what a slow reader has not taken does not pile up here. */
import { Effect } from "effect"

export interface Sending {
  /** Sends a text; false when the reader is too far behind, and it was left out. */
  readonly send: (text: string) => boolean
}

interface StreamOptions {
  readonly waiting_bytes_max: number
  readonly life_ms: number
  /** The tenant that it is about; all when left out. */
  readonly tenant?: string
}

/** All bodies of one process: whoever stops it ends them. */
export class Streams {
  /** What ends each, and the tenant that it is about. */
  private readonly open = new Map<() => void, string | undefined>()

  /**
   * A body that ends when its reader goes, after `life_ms`, or with all others. `begin` gets the means to send and gives what is to
   * be done at the end.
   */
  body({ waiting_bytes_max, life_ms, tenant }: StreamOptions, begin: (sending: Sending) => () => void) {
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
          const send = (text: string): boolean => {
            if (is_over || (controller.desiredSize ?? 0) <= 0) return false
            controller.enqueue(encoder.encode(text))
            return true
          }
          finish = begin({ send })
        },
        cancel: () => end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: waiting_bytes_max }),
    )
  }

  readonly endAll: Effect.Effect<void> = Effect.sync(() => {
    for (const end of [...this.open.keys()]) end()
  })

  /** Ends the bodies about these tenants. */
  endOf(tenants: readonly string[]): Effect.Effect<void> {
    return Effect.sync(() => {
      for (const [end, tenant] of [...this.open]) if (tenant !== undefined && tenants.includes(tenant)) end()
    })
  }
}
