/**
 * `POST /mcp`: the actions as tools of the Model Context Protocol. Effect's `McpServer` speaks the protocol; a request
 * comes to it as it is, after token, role and size have been checked here.
 */
import { Context, Effect, Layer, Result } from "effect"
import { McpProtocol, McpSchema, McpServer } from "effect/ai"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { Hono } from "hono"
import type { AnyAction } from "../core/actions/action.ts"
import type { Asked } from "../core/actions/answer.ts"
import { argumentsSchema } from "../core/actions/catalogue.ts"
import { type ActionTenant, execute } from "../core/actions/execute.ts"
import { version } from "../version.ts"
import { type Api, type ApiContext, type ApiEnv, needs, refuseWith } from "./api.ts"
import { jsonBody } from "./body.ts"

/** The protocol as clients speak it today: with sessions. */
const protocols = [McpProtocol.v2025_11_25, McpProtocol.v2025_06_18, McpProtocol.v2025_03_26] as const

type Who = Pick<Asked, "caller" | "request_id">

export const mcpRoutes = (api: Api, tenant: ActionTenant): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  /** Who sent a request; Effect's server gets to see the request only. */
  const senders = new WeakMap<object, Who>()
  let web: ((request: Request) => Promise<Response>) | undefined
  const serve = (request: Request) => {
    web ??= HttpRouter.toWebHandler(layerMcp(api, tenant, senders), { disableLogger: true }).handler
    return web(request)
  }

  const pass = async (c: ApiContext, body: string | undefined) => {
    const { method, headers } = c.req.raw
    const request = new Request(new URL("/mcp", c.req.url), { method, headers, ...(body !== undefined && { body }) })
    senders.set(request, { caller: c.get("caller"), request_id: c.get("request_id") })
    return serve(request)
  }

  app.post("/mcp", needs("responder"), ...jsonBody, async (c) => pass(c, await c.req.text()))
  app.delete("/mcp", needs("responder"), (c) => pass(c, undefined))
  app.all("/mcp", (c) => refuseWith(c, "method-not-allowed", "this speaks MCP by POST", { allow: "POST, DELETE" }))
  return app
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
    const { dry_run = false, ...args } = (payload ?? {}) as Record<string, unknown>
    if (typeof dry_run !== "boolean") return failed({ detail: "dry_run must be true or false" })
    const asked: Asked = { ...who, via: "mcp", dry_run, read_only: api.read_only }
    const result = await api.run(Effect.result(execute(tenant, action, args, asked)))
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
