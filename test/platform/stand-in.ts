/**
 * Sekoia's side of a module's run, as far as a module sees it: it takes the calls, checks what arrives against what the SDK sends
 * (SEKOIA-IO/sekoia-automation-sdk: module.py, action.py, account_validator.py, trigger.py) and gives what the SDK reads.
 */
import { z } from "zod"

export const platform_url = "http://platform.test/api/v1/playbooks"
export const run_token = "run-token-7f61a0c2d9"

/** As it is sent: method, path and body. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

export interface StandInOptions {
  /** What the platform keeps as secrets of the module. */
  readonly secrets?: Readonly<Record<string, unknown>>
  /** What it keeps as secrets of one configuration; left out by older platforms. */
  readonly node_secrets?: Readonly<Record<string, unknown>>
  /** The answer to a call, in place of the usual one: a status, or a whole answer. */
  readonly answer?: (call: Call, nth: number) => Response | number | undefined
  /** Tokens that are taken. */
  readonly tokens?: readonly string[]
}

const date = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
const line = z.strictObject({
  date,
  level: z.enum(["debug", "info", "warning", "error", "critical"]),
  message: z.string().min(1),
})

/** What each route takes. */
const routes: readonly { readonly method: string; readonly path: RegExp; readonly body: z.ZodType }[] = [
  {
    method: "PATCH",
    path: /\/callback$/,
    body: z.union([
      z.strictObject({ status: z.literal("running"), need_secrets: z.literal(true).optional() }),
      z.strictObject({
        status: z.literal("finished"),
        results: z.record(z.string(), z.unknown()).optional(),
        error: z.string().min(1).optional(),
        logs: z.string().min(1).optional(),
      }),
    ]),
  },
  { method: "GET", path: /\/secrets$/, body: z.undefined() },
  { method: "POST", path: /\/logs$/, body: z.strictObject({ logs: z.array(line).min(1).max(50) }) },
]

/** What a run said at its end. */
export interface End {
  readonly results?: Readonly<Record<string, unknown>>
  readonly error?: string
  readonly logs?: string
}

export type StandIn = ReturnType<typeof makeStandIn>

export const makeStandIn = (given: StandInOptions = {}) => {
  const { secrets = {}, node_secrets, tokens = [run_token] } = given
  /** May be changed while a test runs. */
  const options: { answer: StandInOptions["answer"] } = { answer: given.answer }
  const calls: Call[] = []
  /** Where a call was not as the SDK's. */
  const complaints: string[] = []

  const usual = ({ path, body }: Call): Response => {
    if (path.endsWith("/secrets"))
      return Response.json({ value: secrets, ...(node_secrets && { node_value: node_secrets }) })
    const { status } = (body ?? {}) as { readonly status?: string }
    return Response.json(status === "running" ? { module_configuration: { value: secrets } } : {})
  }

  const fetch = async (request: Request): Promise<Response> => {
    const { pathname: path } = new URL(request.url)
    const text = await request.text()
    const call: Call = { method: request.method, path, body: text === "" ? undefined : (JSON.parse(text) as unknown) }
    calls.push(call)
    const named = `${call.method} ${path}`
    const given = request.headers.get("authorization") ?? ""
    if (!tokens.some((token) => given === `Bearer ${token}`)) complaints.push(`${named}: authorization ${given}`)
    if (text !== "" && request.headers.get("content-type") !== "application/json")
      complaints.push(`${named}: content type`)
    const route = routes.find((one) => one.method === call.method && one.path.test(path))
    const judged = route?.body.safeParse(call.body)
    if (judged?.success !== true)
      complaints.push(`${named}: ${judged?.error.message ?? "no such route"}: ${text.slice(0, 500)}`)
    const wanted = options.answer?.(call, calls.length)
    return typeof wanted === "number"
      ? new Response('{"message":"as the test asked"}', { status: wanted })
      : (wanted ?? usual(call))
  }

  const bodies = (method: string) => calls.filter((call) => call.method === method).map(({ body }) => body)
  return {
    fetch,
    calls,
    complaints,
    options,
    /** What the run said when it ended; the last time, where it said so several times. */
    end: (): End | undefined =>
      bodies("PATCH").findLast((body) => (body as { status: string }).status === "finished") as End,
    /** Every log line that was sent by itself. */
    lines: () => bodies("POST").flatMap((body) => (body as { readonly logs: readonly z.output<typeof line>[] }).logs),
  }
}
