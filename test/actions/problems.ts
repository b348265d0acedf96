/** What tests of the HTTP API share. */
import { expect } from "bun:test"
import type { ProblemBody } from "../../src/core/actions/problem.ts"
import type { Served, Told } from "./served.ts"

export const unknown_host = "0".repeat(32)

export const hostIds = async ({ act }: Served, limit = 3) => {
  const { body } = await act("query_devices_by_filter", { limit })
  return (body.results as { resources: string[] }).resources
}

/** Every failure looks like this. */
export const expectProblem = ({ status, type, body, headers }: Told<object>, wanted: number, kind: string) => {
  const problem = body as ProblemBody
  expect([status, type, problem.type]).toEqual([wanted, "application/problem+json", `/problems/${kind}`])
  expect([problem.status, typeof problem.title, typeof problem.detail]).toEqual([wanted, "string", "string"])
  expect(problem.request_id).toBe(headers.get("x-request-id") ?? "none")
}
