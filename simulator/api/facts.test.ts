import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { deviations } from "./check.ts"
import type { Parameter } from "./fact.ts"
import { factOf, facts } from "./facts.ts"

interface Schema {
  $ref?: string
  type?: string
  enum?: string[]
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
}

interface Operation {
  parameters: (Schema & { name: string; in: string; required?: boolean | string[]; schema?: Schema })[]
  responses: Record<string, unknown>
}

interface Swagger {
  paths: Record<string, Record<string, Operation>>
  definitions: Record<string, Schema>
}

/** CrowdStrike's description of its API (falcon-swagger.json), which is not part of the project. */
const file = process.env.FALCON_SWAGGER ?? "../shared/reference/falcon-swagger.json"

/** Required by the models, and yet left out by every client without harm. */
const laxer = new Set(["prevention/v1 body resources settings", "indicators/v1 body bulk_update"])

/** Left out by the models, and yet sent by CrowdStrike's own SDKs. */
const known = new Set(["graphql/v1 body variables"])

/**
 * Calls that CrowdStrike added after the description was published. Their facts follow CrowdStrike's own clients (FalconPy
 * `_endpoint/_case_management.py`, gofalcon `falcon/client/cases`). A call that the description knows must leave this list. Flight
 * Control's are not in it either; where their facts are from stands beside them.
 */
const newer_than_description = ["/cases/", "/mssp/"]

/** The facts may be stricter than the description: fewer keys, more required, fewer values. Never the other way. */
describe("the facts about the API", () => {
  test("name every call once", () => {
    const calls = facts.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(calls).size).toBe(calls.length)
  })

  if (!existsSync(file)) {
    test.skip("agree with CrowdStrike's description, which is not part of the project: FALCON_SWAGGER=<falcon-swagger.json>", () => {})
    return
  }

  const swagger = JSON.parse(readFileSync(file, "utf8")) as Swagger
  const resolved = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : swagger.definitions[schema.$ref.split("/").at(-1)!]!

  const compare = (where: string, ours: Parameter, theirs: Schema, required: boolean): void => {
    // Without a type, the description leaves it open: the value of a setting.
    expect([where, ours.type]).toEqual([where, (theirs.type ?? ours.type) as Parameter["type"]])
    if (required && !laxer.has(where)) expect([where, "required", ours.required]).toEqual([where, "required", true])
    // Where the description lists no values, SDKs and tools still know them. A direction is not part of the property.
    const bare = (value: string) => value.replace(/[.|](asc|desc)$/, "")
    const unknown = (ours.enum ?? []).filter(
      (value) => theirs.enum !== undefined && !theirs.enum.includes(value) && !theirs.enum.includes(bare(value)),
    )
    expect([where, unknown]).toEqual([where, []])
    if (ours.items !== undefined) compareKeys(where, ours.items, resolved(theirs.items ?? {}))
  }
  const compareKeys = (where: string, ours: Readonly<Record<string, Parameter>>, theirs: Schema): void => {
    const documented = theirs.properties ?? {}
    const undocumented = Object.keys(ours).filter(
      (key) => documented[key] === undefined && !known.has(`${where} ${key}`),
    )
    expect([where, undocumented]).toEqual([where, []])
    for (const key of theirs.required ?? []) {
      if (!laxer.has(`${where} ${key}`))
        expect([where, Object.keys(ours)]).toEqual([where, expect.arrayContaining([key])])
    }
    for (const [key, own] of Object.entries(ours)) {
      compare(`${where} ${key}`, own, resolved(documented[key] ?? {}), theirs.required?.includes(key) === true)
    }
  }

  const isNewer = (path: string) => newer_than_description.some((start) => path.startsWith(start))

  test("are compared with the description wherever it knows the call", () => {
    expect(Object.keys(swagger.paths).filter(isNewer)).toEqual([])
  })

  const described = facts.filter(({ path }) => !isNewer(path))
  test.each(described.map((fact) => [fact.method, fact.path, fact] as const))(
    "agree on %s %s",
    (method, path, fact) => {
      const operation = swagger.paths[path]?.[method.toLowerCase()]
      expect(operation).toBeDefined()
      const { parameters, responses } = operation!
      const where = path.split("/").slice(-2).join("/")
      expect(Object.keys(responses)).toContain(String(fact.success))
      const in_query = parameters.filter((parameter) => parameter.in === "query")
      const properties = Object.fromEntries(in_query.map((parameter) => [parameter.name, parameter as Schema]))
      const required = in_query.filter((parameter) => parameter.required === true).map(({ name }) => name)
      compareKeys(`${where} query`, fact.query, { properties, required })
      const body = parameters.find((parameter) => parameter.in === "body")
      expect(fact.body !== undefined).toBe(body !== undefined)
      if (body !== undefined) compareKeys(`${where} body`, fact.body!, resolved(body.schema!))
    },
  )
})

describe("a request is told to depart from the facts", () => {
  const of = (method: "GET" | "POST" | "PATCH", path: string, query: string, body?: unknown) =>
    deviations(factOf(method, path), new URLSearchParams(query), body)
  const devices = "/devices/entities/devices/v2"
  const scroll = "/devices/queries/devices-scroll/v1"
  const policies = "/policy/entities/prevention/v1"

  test.each([
    ["not at all when it is right", () => of("POST", devices, "", { ids: ["a"] }), []],
    ["by a query key", () => of("GET", scroll, "page=2"), ["query key page is not documented"]],
    ["by a repeated key", () => of("GET", scroll, "limit=2&limit=3"), ["query key limit is repeated"]],
    ["by a number out of range", () => of("GET", scroll, "limit=0"), ["query key limit: 0 is not between 1 and 10000"]],
    ["by a word for a number", () => of("GET", scroll, "limit=many"), ["query key limit is no integer"]],
    ["by a missing body", () => of("POST", devices, ""), ["body is no object"]],
    ["by a body that does not belong", () => of("GET", scroll, "", {}), ["a body where none is documented"]],
    ["by a key of the body", () => of("POST", devices, "", { ids: ["a"], id: 1 }), ["body key id is not documented"]],
    ["by a type", () => of("POST", devices, "", { ids: "a" }), ["body key ids is no array"]],
    [
      "by too many ids",
      () => of("POST", devices, "", { ids: Array(5001).fill("a") }),
      ["5001 ids, at most 5000 are allowed"],
    ],
    [
      "by a value that is no string",
      () =>
        of("PATCH", "/alerts/entities/alerts/v3", "", {
          composite_ids: ["a"],
          action_parameters: [{ name: "show_in_ui", value: true }],
        }),
      ["body action_parameters key value is no string"],
    ],
    [
      "by a value in a row",
      () => of("POST", policies, "", { resources: [{ name: "a", platform_name: "BeOS" }] }),
      ["body resources key platform_name: BeOS is unknown"],
    ],
    [
      "by an action",
      () => of("POST", "/devices/entities/devices-actions/v2", "action_name=delete", { ids: ["a"] }),
      ["query key action_name: delete is unknown"],
    ],
  ] as const)("%s", (_, found, expected) => {
    expect(found()).toEqual([...expected])
  })
})
