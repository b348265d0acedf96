/** `GET /openapi.json`. The document is made, and the code that makes it loaded, when somebody asks for it. */
import { Hono } from "hono"
import { maySee } from "../core/http/server/bearer.ts"
import { type Api, type ApiEnv, needs } from "./api.ts"
import type { openApi } from "./openapi.ts"

export const openApiRoutes = (api: Api): Hono<ApiEnv> => {
  const { several } = api
  /** By the tenants that are in it: a token bound to some gets a document about these. */
  const documents = new Map<string, ReturnType<typeof openApi>>()
  return new Hono<ApiEnv>().get("/openapi.json", needs("reader"), async (c) => {
    const tenants = api.tenants.filter(({ id }) => maySee(c.get("caller"), id))
    const key = tenants.map(({ id }) => id).join(" ")
    const document = documents.get(key) ?? (await import("./openapi.ts")).openApi(tenants, several)
    documents.set(key, document)
    return c.json(document)
  })
}
