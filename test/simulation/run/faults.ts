/** Which faults of a scenario are in force. */
import type { Fault, RequestDeed, RequestPlace } from "../generate/scenario.ts"

type RequestFault = Extract<Fault, { on: RequestPlace }>

export class Faults {
  private readonly struck = new Map<RequestFault, number>()
  private readonly requests: readonly RequestFault[]

  private readonly start_ms: number
  private readonly note: (what: string, partition?: number) => void

  constructor(faults: readonly Fault[], start_ms: number, note: (what: string, partition?: number) => void) {
    this.start_ms = start_ms
    this.note = note
    this.requests = faults.filter((fault): fault is RequestFault => "count" in fault)
  }

  /** What happens to this request, if anything. */
  strike(place: RequestPlace, now_ms: number, partition?: number): RequestFault | undefined {
    const at_ms = now_ms - this.start_ms
    for (const fault of this.requests) {
      if (fault.on !== place || at_ms < fault.at_ms || at_ms >= fault.at_ms + fault.for_ms) continue
      const about = fault.do.kind === "omit" || fault.do.kind === "bad_entry" ? undefined : fault.partition
      if (about !== undefined && about !== partition) continue
      const times = this.struck.get(fault) ?? 0
      const after = fault.after ?? 0
      if (times >= after + fault.count) continue
      this.struck.set(fault, times + 1)
      if (times < after) continue
      this.note(`fault on ${place}: ${describe(fault.do)}`, partition)
      return fault
    }
    return undefined
  }
}

const describe = (deed: RequestDeed): string => {
  const { kind, ...rest } = deed
  return [kind, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(" ")
}

/** Headers that say when to come back. */
export const retryHeaders = (
  deed: Extract<RequestDeed, { kind: "status" }>,
  wall_ms: number,
): { readonly headers: Record<string, string>; readonly until_ms: number | undefined } => {
  const wait_ms = (deed.wait_s ?? 0) * 1_000
  const epoch = { "x-ratelimit-retryafter": String(Math.ceil((wall_ms + wait_ms) / 1_000)) }
  const seconds = { "retry-after": String(deed.wait_s) }
  const date_ms = Math.ceil((wall_ms + wait_ms) / 1_000) * 1_000
  switch (deed.form) {
    case "seconds":
      return { headers: seconds, until_ms: wait_ms }
    case "date":
      return { headers: { "retry-after": new Date(date_ms).toUTCString() }, until_ms: date_ms - wall_ms }
    case "epoch":
      return { headers: epoch, until_ms: wait_ms }
    case "both":
      return { headers: { ...seconds, ...epoch }, until_ms: wait_ms }
    case "dated": {
      const server_s = Math.floor(wall_ms / 1_000) - 3_600
      const date = new Date(server_s * 1_000).toUTCString()
      return { headers: { date, "x-ratelimit-retryafter": String(server_s + (deed.wait_s ?? 0)) }, until_ms: wait_ms }
    }
    case "nonsense":
      return { headers: { "retry-after": "soon" }, until_ms: undefined }
    default:
      return { headers: {}, until_ms: undefined }
  }
}
