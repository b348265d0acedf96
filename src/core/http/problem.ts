/** Errors of our own HTTP API: RFC 9457 problem details. */
import { redact } from "../telemetry/redact.ts"

export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail: string
}

/** An `application/problem+json` answer. */
export const problem = ({ status, title, detail }: Problem, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ type: "about:blank", title, status, detail: redact(detail) }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  })
