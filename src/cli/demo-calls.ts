/** What the demo asks of the HTTP API while events flow, over a socket and with a token, as a playbook would. */
import { Effect } from "effect"

interface Answer {
  readonly status: number
  readonly body: {
    readonly status?: string
    readonly detail?: string
    readonly counts?: { readonly requested: number; readonly succeeded: number }
    readonly results?: { readonly resources?: readonly unknown[]; readonly requests?: readonly unknown[] }
  }
}

const wait_ms_max = 30_000

/** Isolates two hosts and looks whether it happened; gives a line for each call. Fails with a sentence when one is not answered well. */
export const callTheApi = (url: string, token: string): Effect.Effect<readonly string[], string> =>
  Effect.tryPromise({
    try: async () => {
      const ask = async (path: string, args?: unknown): Promise<Answer["body"]> => {
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
        const init = args === undefined ? {} : { method: "POST", body: JSON.stringify(args) }
        const signal = AbortSignal.timeout(wait_ms_max)
        const answer = await fetch(`${url}${path}`, { ...init, headers, signal })
        const body = (await answer.json()) as Answer["body"]
        if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}: ${body.detail ?? body.status}`)
        return body
      }
      const health = await ask("/health")
      const found = await ask("/actions/query_devices_by_filter", { limit: 2 })
      const ids = found.results?.resources ?? []
      const dry = await ask("/actions/isolate_endpoints?dry_run=true", { ids })
      const done = await ask("/actions/isolate_endpoints", { ids })
      const seen = await ask("/actions/get_device_details", { ids })
      const states = (seen.results?.resources ?? []).map((host) => (host as { readonly status?: string }).status)
      if (ids.length === 0 || done.counts?.succeeded !== ids.length) throw new Error("hosts were not isolated")
      return [
        `GET  /health                           ${health.status}`,
        `POST /actions/query_devices_by_filter  ${ids.length} hosts`,
        `POST /actions/isolate_endpoints        dry run: ${dry.results?.requests?.length} request to Falcon, none sent`,
        `POST /actions/isolate_endpoints        ${done.counts.succeeded} of ${done.counts.requested} done`,
        `POST /actions/get_device_details       ${states.join(", ")}`,
      ]
    },
    catch: (error) => (error instanceof Error ? error.message : String(error)),
  })
