import { describe, expect, test } from "bun:test"
import { Validator } from "@seriousme/openapi-schema-validator"
import { openApi } from "../../src/api/openapi.ts"
import { makeRegistry } from "../../src/core/actions/registry.ts"
import { plugins } from "../../src/plugins/index.ts"
import { cases } from "./cases.ts"
import { tokens, withServed } from "./served.ts"

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
}

describe("the OpenAPI document", () => {
  test("is valid and names every action and route", () =>
    withServed({}, async ({ ask }) => {
      const { status, body } = await ask<Document>("/openapi.json", { token: tokens.reader })
      expect(status).toBe(200)
      expect(body.openapi).toBe("3.1.0")
      const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(body)))
      expect(errors ?? []).toEqual([])
      expect(valid).toBe(true)
      const paths = Object.keys(body.paths)
      expect(paths.filter((path) => /^\/actions\/[a-z]/.test(path))).toHaveLength(Object.keys(cases).length)
      for (const path of ["/health", "/metrics", "/actions", "/actions/{slug}", "/mcp"]) expect(paths).toContain(path)
      const ids = Object.values(body.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
      expect(new Set(ids).size).toBe(ids.length)
    }))

  test("is valid for several tenants, and refers to nothing that it does not hold", async () => {
    const { actions } = makeRegistry(plugins.map((plugin) => ({ plugin })))
    const document = openApi(["acme", "umbrella"].map((id) => ({ id, actions })))
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
    const names = new Set(Object.keys(document.components.schemas))
    const used = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
    expect(used.filter((ref) => !names.has(ref.replace("#/components/schemas/", "")))).toEqual([])
  })

  test("gives examples that the actions themselves take", () => {
    for (const action of makeRegistry(plugins.map((plugin) => ({ plugin }))).actions) {
      expect(action.arguments.safeParse(action.example).error?.message ?? action.slug).toBe(action.slug)
    }
  })
})

describe("the page", () => {
  const html = { accept: "text/html" }

  test("asks for a token, keeps it in a cookie that only opens pages, and is made of our own files", () =>
    withServed({}, async ({ ask, url }) => {
      const form = await ask("/docs", { headers: html })
      expect(form.status).toBe(401)
      expect(form.text).toContain('<form method="post" action="/docs/login">')
      const login = (token: string) =>
        fetch(`${url}/docs/login`, { method: "POST", redirect: "manual", body: new URLSearchParams({ token }) })
      expect((await login("wrong")).status).toBe(401)
      const opened = await login(tokens.reader)
      expect([opened.status, opened.headers.get("location")]).toEqual([303, "/docs"])
      const set = opened.headers.get("set-cookie")!
      expect(set).toContain("HttpOnly")
      expect(set).toContain("SameSite=Strict")
      expect(set).not.toContain(tokens.reader)
      const cookie = set.split(";")[0]!
      const page = await ask("/docs", { headers: { ...html, cookie } })
      expect(page.status).toBe(200)
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'")
      const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!)
      for (const source of sources.filter((source) => !source.startsWith("data:"))) {
        expect(source).toStartWith("/docs/")
        expect((await ask(source, { headers: { cookie } })).status).toBe(200)
        expect((await ask(source)).status).toBe(401)
      }
      expect((await ask("/openapi.json", { headers: { cookie } })).status).toBe(200)
      // The dashboard reads them with it.
      expect((await ask("/actions", { headers: { cookie } })).status).toBe(200)
      expect((await ask("/actions/count_up", { method: "POST", body: {}, headers: { cookie } })).status).toBe(401)
    }))
})
