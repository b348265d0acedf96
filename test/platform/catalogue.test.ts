import { describe, expect, test } from "bun:test"
import { Ajv } from "ajv"
import { catalogueFiles } from "../../src/platform/catalogue/files.ts"
import { pythonJson } from "../../src/platform/catalogue/python-json.ts"
import { plugins } from "../../src/plugins/index.ts"
import { changelogFaults, textFaults } from "./library-rules.ts"
import { specified, uuids } from "./specification.ts"

type Json = Readonly<Record<string, unknown>>
interface Item {
  readonly name: string
  readonly description: string
  readonly uuid: string
  readonly slug?: string
  readonly docker_parameters: string
  readonly arguments: { readonly properties?: Readonly<Record<string, Json>>; readonly required?: readonly string[] }
  readonly results?: Json
}

const of = (all: boolean) => {
  const files = catalogueFiles(plugins, { version: "1.2.3", all })
  const items = (prefix: string) =>
    Object.entries(files)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, text]) => ({ file: name, item: JSON.parse(text) as Item & Json }))
  return { files, items, manifest: JSON.parse(files["manifest.json"]!) as Json }
}

const kinds = ["action_", "connector_", "trigger_"] as const
const twice = (values: readonly string[]) => values.filter((value, at) => values.indexOf(value) < at)

describe("the catalogue", () => {
  const { items, files } = of(false)

  test("lists exactly the actions of the specification, with their arguments", () => {
    const listed = items("action_").map(({ file, item }) => {
      expect(file).toBe(`action_${item.docker_parameters}.json`)
      const { properties = {}, required = [] } = item.arguments
      const rows = Object.entries(properties).map(([name, { type }]) => [name, type, required.includes(name)])
      return { name: item.name, slug: item.slug, docker_parameters: item.docker_parameters, arguments: rows.sort() }
    })
    const wanted = specified.map((one) => ({ ...one, arguments: [...one.arguments].sort() }))
    const byName = (a: { docker_parameters: string }, b: { docker_parameters: string }) =>
      a.docker_parameters < b.docker_parameters ? -1 : 1
    expect(listed.sort(byName) as unknown).toEqual(wanted.sort(byName) as unknown)
  })

  test("gives each the uuid by which playbooks know it", () => {
    const given = Object.fromEntries(items("action_").map(({ item }) => [item.docker_parameters, item.uuid]))
    expect(given).toEqual(uuids)
  })

  test("holds the event stream as a connector and a trigger, and both inventories", () => {
    expect(
      items("connector_")
        .map(({ file }) => file)
        .sort(),
    ).toEqual([
      "connector_crowdstrike_device_assets.json",
      "connector_crowdstrike_user_assets.json",
      "connector_event_stream.json",
    ])
    const [trigger] = items("trigger_")
    const connector = items("connector_").find(({ file }) => file === "connector_event_stream.json")
    expect(trigger?.file).toBe("trigger_event_stream.json")
    expect(trigger?.item).toMatchObject({ uuid: connector!.item.uuid, docker_parameters: "event_stream_trigger" })
  })

  test("is made anew with the same texts", () => expect(of(false).files).toEqual(files))
})

describe.each([
  ["as the specification lists", false],
  ["of everything", true],
] as const)("the rules of Sekoia's library, %s", (_, all) => {
  const { files, items, manifest } = of(all)
  const every = kinds.flatMap((kind) => items(kind))

  test("on texts: as Python writes JSON", () => {
    const json = Object.entries(files).filter(([name]) => name.endsWith(".json"))
    expect(json.flatMap(([name, text]) => textFaults(text).map((fault) => `${name}: ${fault}`))).toEqual([])
  })

  test("on the changelog", () => expect(changelogFaults(files["CHANGELOG.md"]!)).toEqual([]))

  test("on the manifest", () => {
    expect(manifest).toMatchObject({ version: "1.2.3", categories: ["Endpoint"], supports_validation: true })
    expect(manifest.slug).toMatch(/^[a-z]([a-z_.-]|\d)*$/)
    expect(manifest.uuid).toBe("1344e78f-6d4c-4ce8-a458-ad524c0111c7")
    expect(manifest.configuration).toMatchObject({
      required: ["client_id", "client_secret", "base_url"],
      secrets: ["client_secret"],
    })
  })

  test("on what every item has", () => {
    for (const { file, item } of every) {
      for (const key of ["name", "uuid", "description", "docker_parameters"] as const)
        expect([file, item[key]]).toEqual([file, expect.any(String)])
      expect(item.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect("results" in item).toBe(!file.startsWith("connector_"))
    }
    for (const { item } of items("connector_crowdstrike")) expect(item.type).toBe("asset")
  })

  test("on schemas: draft 7, with patterns that Python can read", () => {
    const ajv = new Ajv({ strict: false, validateFormats: false })
    const schemas = [manifest.configuration, ...every.flatMap(({ item }) => [item.arguments, item.results ?? {}])]
    for (const schema of schemas as object[]) {
      expect(ajv.validateSchema(schema)).toBe(true)
      expect(JSON.stringify(schema)).not.toMatch(/\\\\[pP]\{/)
    }
  })

  test("on uuids and docker parameters: each once among its kind", () => {
    for (const kind of kinds) {
      expect(twice(items(kind).map(({ item }) => item.uuid))).toEqual([])
      expect(twice(items(kind).map(({ item }) => item.docker_parameters))).toEqual([])
    }
  })

  test("on the logo: a square picture, small", () => {
    expect(files["logo.svg"]).toStartWith("<svg ")
    expect(files["logo.svg"]).toContain('viewBox="0 0 256 256"')
    expect(files["logo.svg"]!.length).toBeLessThan(50 * 1024)
  })
})

describe("the catalogue of everything", () => {
  const { items } = of(true)

  test("lists every action that ships, and one for each inventory that on-premise runners start", () => {
    const shipped = plugins.flatMap(({ actions }) => actions.map(({ alias }) => alias as string))
    const on_premise = items("connector_crowdstrike").map(({ item }) => item.on_premise_action)
    const actions = items("action_")
    expect(
      actions
        .filter(({ item }) => item.internal !== true)
        .map(({ item }) => item.docker_parameters)
        .sort(),
    ).toEqual(shipped.sort())
    expect(actions.filter(({ item }) => item.internal === true).map(({ item }) => item.uuid)).toEqual(
      on_premise as string[],
    )
  })

  test("keeps the uuids of what the specification does not know from one version to the next", () => {
    // Made with Python: uuid.uuid5(uuid.UUID("1344e78f-6d4c-4ce8-a458-ad524c0111c7"), "action:create_case") and so on.
    const uuidOf = (name: string) =>
      [...items("action_"), ...items("connector_")].find(({ file }) => file === name)?.item.uuid
    expect(uuidOf("action_create_case.json")).toBe("54c30fe9-fcc0-5e7e-a6d0-4b872d4942d6")
    expect(uuidOf("action_collect_device_assets_on_premise.json")).toBe("a4df824a-b9da-5b4d-b51d-cbfa1edddf89")
    expect(uuidOf("connector_crowdstrike_user_assets.json")).toBe("71731c16-b7b3-5ce0-9515-8ed37c54b168")
  })
})

test("text beyond ASCII is escaped as Python does, character by character", () => {
  expect(pythonJson({ a: "é…\u007f\u{1f600}", b: [], c: {} })).toBe(
    '{\n  "a": "\\u00e9\\u2026\\u007f\\ud83d\\ude00",\n  "b": [],\n  "c": {}\n}',
  )
})
