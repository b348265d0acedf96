/** Effect's `McpServer` over our actions. A request comes to it as it is; who sent it is remembered beside it. */
import { Context, Effect, Layer, Result } from "effect"
import { McpProtocol, McpSchema, McpServer } from "effect/ai"
import { HttpRouter, HttpServerRequest } from "effect/http"
import type { AnyAction } from "../core/actions/action.ts"
import { argumentsSchema } from "../core/actions/catalogue.ts"
import { type ActionTenant, execute } from "../core/actions/execute.ts"
import { performAndWait } from "../core/actions/perform-and-wait.ts"
import type { Asked } from "../core/actions/response.ts"
import { server as bounds } from "../core/http/server/limits.ts"
import { version } from "../version.ts"
import type { Api } from "./api.ts"

/** The protocol as clients speak it today: with sessions. */
const protocols = [McpProtocol.v2025_11_25, McpProtocol.v2025_06_18, McpProtocol.v2025_03_26] as const

type Who = Pick<Asked, "caller" | "request_id" | "trace">

export type McpHandler = (request: Request, who: Who) => Promise<Response>

/** The server of one tenant. */
export const makeMcp = (api: Api, tenant: ActionTenant): McpHandler => {
  const senders = new WeakMap<object, Who>()
  const start = () => HttpRouter.toWebHandler(layerMcp(api, tenant, senders), { disableLogger: true })
  let server = start()
  let sessions = 0
  return async (request, who) => {
    senders.set(request, who)
    const current = server
    const response = await current.handler(request)
    // Only the answer to `initialize` names a session.
    if (response.headers.has("mcp-session-id") && ++sessions > bounds.mcp_sessions_max && server === current) {
      sessions = 0
      server = start()
      await current.dispose()
    }
    return response
  }
}

const layerMcp = (api: Api, tenant: ActionTenant, senders: WeakMap<object, Who>) =>
  McpServer.layerHttp({
    name: "akonis",
    version,
    instructions:
      "Response actions on CrowdStrike Falcon. Destructive tools isolate hosts or delete things: try them with dry_run first.",
    path: "/mcp",
    protocols,
    allowSessionTermination: true,
    registrations: Layer.effectDiscard(
      Effect.gen(function* () {
        const server = yield* McpServer.McpServer
        for (const action of tenant.actions) {
          yield* server.addTool({
            tool: toolOf(action),
            annotations: Context.empty(),
            handle: (payload) => Effect.flatMap(whoAsks(senders), (who) => call(api, tenant, action, payload, who)),
          })
        }
      }),
    ),
  })

const whoAsks = (senders: WeakMap<object, Who>): Effect.Effect<Who, McpSchema.InternalError> =>
  Effect.withFiber((fiber) => {
    const request = Context.getOrUndefined(fiber.context, HttpServerRequest.HttpServerRequest)
    const who = request === undefined ? undefined : senders.get(request.source)
    return who === undefined
      ? Effect.fail(new McpSchema.InternalError({ message: "the caller is not known" }))
      : Effect.succeed(who)
  })

const toolOf = (action: AnyAction) => {
  const { $schema: _, ...schema } = argumentsSchema(action)
  const properties = schema.properties as Record<string, Record<string, unknown>>
  return new McpSchema.Tool({
    name: action.slug,
    title: action.title,
    description: action.description,
    inputSchema: {
      ...schema,
      type: "object",
      properties: {
        ...properties,
        ...(action.settles !== undefined && {
          wait: {
            type: "integer",
            minimum: 1,
            description: "Seconds to wait until it has happened; told for each id.",
          },
        }),
        dry_run: { type: "boolean", default: false, description: "Only show the requests that would go to Falcon." },
      },
    },
    annotations: {
      title: action.title,
      readOnlyHint: !action.changes,
      destructiveHint: action.destructive,
      idempotentHint: action.idempotent,
      openWorldHint: true,
    },
  })
}

/** Runs the tool apart from the protocol's own fibers: a client that cancels or leaves cannot cut a change in half. */
const call = (api: Api, tenant: ActionTenant, action: AnyAction, payload: unknown, who: Who) =>
  Effect.promise(async () => {
    const { dry_run = false, wait, ...args } = (payload ?? {}) as Record<string, unknown>
    if (typeof dry_run !== "boolean") return failed({ detail: "dry_run must be true or false" })
    const asked: Asked = { ...who, via: "mcp", dry_run, read_only: api.read_only }
    if (wait !== undefined && action.settles !== undefined) {
      const parsed = action.arguments.safeParse(args)
      if (parsed.success) {
        const waited = await api.run(Effect.result(performAndWait(tenant, action, parsed.data, asked, Number(wait))))
        return Result.isSuccess(waited) ? told(waited.success.answer, false) : failed(waited.failure.problem)
      }
    }
    const result = await api.run(
      Effect.result(execute(tenant, action, wait === undefined ? args : { ...args, wait }, asked)),
    )
    return Result.isSuccess(result) ? told(result.success.answer, false) : failed(result.failure.problem)
  })

const failed = (problem: object) => told(problem, true)

/** As structured content, and as text for clients that know no other. */
const told = (content: object, isError: boolean) =>
  new McpSchema.CallToolResult({
    content: [McpSchema.TextContent.make({ text: JSON.stringify(content) })],
    structuredContent: content,
    isError,
  })
