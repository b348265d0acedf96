/** `POST /mcp`: the actions as tools of the Model Context Protocol. Token, role and body are checked here. */
import { Hono } from "hono"
import type { ActionTenant } from "../core/actions/execute.ts"
import { type Api, type ApiContext, type ApiEnv, needs, refuseWith, takesNoQuery } from "./api.ts"
import { jsonBody } from "./body.ts"
import type { McpHandler } from "./mcp-server.ts"

export const mcpRoutes = (api: Api, tenant: ActionTenant): Hono<ApiEnv> => {
  const app = new Hono<ApiEnv>()
  let server: Promise<McpHandler> | undefined

  const pass = async (c: ApiContext, body: string | undefined) => {
    const { method, headers } = c.req.raw
    const request = new Request(new URL("/mcp", "http://localhost"), {
      method,
      headers,
      ...(body !== undefined && { body }),
    })
    // Loaded when somebody first asks: the protocol is a good part of all code, and most processes never speak it.
    server ??= import("./mcp-server.ts").then(({ makeMcp }) => makeMcp(api, tenant))
    return (await server)(request, { caller: c.get("caller"), request_id: c.get("request_id"), trace: c.get("trace") })
  }

  app.post("/mcp", needs("responder"), takesNoQuery, ...jsonBody, async (c) => pass(c, await c.req.text()))
  app.delete("/mcp", needs("responder"), (c) => pass(c, undefined))
  app.all("/mcp", (c) => refuseWith(c, "method-not-allowed", "this speaks MCP by POST", { allow: "POST, DELETE" }))
  return app
}
