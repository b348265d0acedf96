import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { Effect } from "effect"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { plugins } from "../../plugins/index.ts"
import type { ConfigError } from "../errors.ts"
import { type Config, loadConfig } from "./load.ts"
import { type Uses, uses } from "./plugins.ts"

const falcon = { FALCON_CLIENT_ID: "id", FALCON_CLIENT_SECRET: "a-client-secret" }
const enough = { ...falcon, SEKOIA_INTAKE_KEY: "an-intake-key" }

interface Given {
  readonly yaml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly used?: Uses
}

const load = ({ yaml = "", env = enough, used = uses.everything }: Given) =>
  Effect.gen(function* () {
    const file = `${yield* temporaryFolder}/akonis.yaml`
    writeFileSync(file, yaml)
    return yield* loadConfig({ file, env, plugins, uses: used })
  })

const ok = (given: Given): Promise<Config> => onRealClock(load(given))
const refused = (given: Given): Promise<ConfigError> => onRealClock(Effect.flip(load(given)))
const idsOf = ({ tenants }: Config) => tenants[0]!.plugins.map(({ plugin }) => plugin.id)

describe("AKONIS_PLUGINS", () => {
  test("names the plugins that are on, and no other is, whatever the file says of them", async () => {
    const yaml = "plugins: { only: [alerts], hosts: { enabled: false } }"
    expect(idsOf(await ok({ yaml, env: { ...falcon, AKONIS_PLUGINS: "hosts, iocs" } }))).toEqual(["hosts", "iocs"])
  })

  test("leaves what is off named as off", async () => {
    const config = await ok({ env: { ...falcon, AKONIS_PLUGINS: "hosts" } })
    expect(config.tenants[0]!.off).toEqual(plugins.map(({ id }) => id).filter((id) => id !== "hosts"))
  })

  test("says nothing when it is empty", async () => {
    expect(idsOf(await ok({ env: { ...enough, AKONIS_PLUGINS: "" } }))).toContain("event-stream")
  })

  test("among several tenants, stands in for the list that a tenant does not have", async () => {
    const yaml = "tenants: [{ id: a }, { id: b, plugins: { only: [alerts] } }]"
    const { tenants } = await ok({ yaml, env: { ...falcon, AKONIS_PLUGINS: "hosts" } })
    expect(tenants.map((tenant) => tenant.plugins.map(({ plugin }) => plugin.id))).toEqual([["hosts"], ["alerts"]])
  })

  test.each([
    ["hots", '"hots"', "the nearest name is hosts"],
    [",", '""', "there are: event-stream"],
    ["hosts,", '""', "there are: event-stream"],
  ])("refuses %p and says which plugins there are", async (names, quoted, known) => {
    const error = await refused({ env: { ...enough, AKONIS_PLUGINS: names } })
    expect([error.source, error.key]).toEqual(["environment", "AKONIS_PLUGINS"])
    for (const message of [quoted, known]) expect(error.message).toContain(message)
  })
})

describe("a configuration with which nothing would happen", () => {
  const allOff = `plugins: { ${plugins.map(({ id }) => `${id}: { enabled: false }`).join(", ")} }`
  test.each([
    ["an empty list", "plugins: { only: [] }", "plugins.only", "names no plugin"],
    ["every plugin off", allOff, "plugins", "no plugin is on"],
    [
      "the one that is named off",
      "plugins: { only: [hosts], hosts: { enabled: false } }",
      "plugins",
      "no plugin is on",
    ],
    [
      "an enrichment without a stream",
      "plugins: { only: [enrichment, hosts], enrichment: { enabled: true } }",
      "plugins.enrichment",
      "switch event-stream on, or enrichment off",
    ],
    [
      "an enrichment beside a stream that is off",
      "plugins: { enrichment: { enabled: true }, event-stream: { enabled: false } }",
      "plugins.enrichment",
      "none is on",
    ],
  ])("is refused: %s", async (_, yaml, key, message) => {
    const error = await refused({ yaml })
    expect(error.key).toBe(key)
    expect(error.message).toContain(message)
  })
})

describe("AKONIS_READ_ONLY", () => {
  test("makes the server read only, whatever the file says", async () => {
    const config = await ok({ yaml: "server: { read_only: false }", env: { ...enough, AKONIS_READ_ONLY: "true" } })
    expect(config.server.read_only).toBe(true)
  })

  test("refuses a text that is neither yes nor no, since it may have been meant as yes", async () => {
    const error = await refused({ env: { ...enough, AKONIS_READ_ONLY: "readonly" } })
    expect(error).toMatchObject({ key: "server.read_only", message: expect.stringContaining("AKONIS_READ_ONLY") })
  })
})

describe("a variable that begins as ours do and means nothing", () => {
  test.each([
    ["AKONIS_READONLY", "AKONIS_READ_ONLY"],
    ["AKONIS_PLUGIN", "AKONIS_PLUGINS"],
    ["AKONIS_DATADIR", "AKONIS_DATA_DIR"],
    ["FALCON_SECRET", "FALCON_CLIENT_SECRET"],
    ["FALCON_CLIENT_SECRET_PATH", "FALCON_CLIENT_SECRET_FILE"],
    ["AKONIS_INTAKE_KEY", "SEKOIA_INTAKE_KEY"],
  ])("is refused with the nearest name: %s", async (name, near) => {
    const error = await refused({ env: { ...enough, [name]: "x" } })
    expect([error.source, error.key]).toEqual(["environment", name])
    expect(error.message).toBe(`there is no such variable; the nearest name is ${near}`)
  })

  test("is refused with every other one, and its value is shown nowhere", async () => {
    const error = await refused({ env: { ...enough, FALCON_SECRET: "s3cret-value", AKONIS_X: "s3cret-value" } })
    expect(error.key).toBe("AKONIS_X")
    expect(error.message).toContain("\nFALCON_SECRET: there is no such variable")
    expect(error.message).not.toContain("s3cret-value")
  })

  test("is told apart when Kubernetes has set it for a Service called akonis", async () => {
    const error = await refused({ env: { ...enough, AKONIS_SERVICE_PORT_HTTP: "8080" } })
    expect(error.message).toContain("enableServiceLinks: false")
  })

  test("of a key is known in every form, those of plugins that are off included", async () => {
    const given = { SEKOIA_USER_CONNECTOR_UUID: "", FALCON_CLIENT_SECRET_FILE: "", AKONIS_TOKEN_FILE: "" }
    expect(idsOf(await ok({ env: { ...enough, ...given } }))).toContain("hosts")
  })
})

describe("what a command does not use", () => {
  test("is not demanded: actions need no key of Sekoia's", async () => {
    const yaml = "plugins: { device-assets: { enabled: true } }"
    const config = await ok({ yaml, env: falcon, used: uses.actions })
    expect(idsOf(config)).toContain("hosts")
    expect(config.tenants[0]!.unused).toEqual(["event-stream", "device-assets"])
  })

  test("is not demanded: looking at files needs no credentials", async () => {
    expect(idsOf(await ok({ env: {}, used: uses.files }))).toEqual([])
  })

  test("is refused all the same when it is wrong", async () => {
    const wrong = await refused({
      yaml: "plugins: { event-stream: { batch_events_max: 0 } }",
      env: falcon,
      used: uses.actions,
    })
    expect(wrong.key).toBe("plugins.event-stream.batch_events_max")
    expect((await refused({ yaml: "client_id: 7", env: {}, used: uses.files })).key).toBe("client_id")
  })

  test("is demanded by what uses it", async () => {
    expect((await refused({ env: {}, used: uses.actions })).key).toBe("client_id")
    expect((await refused({ env: falcon, used: uses.work })).key).toBe("plugins.event-stream.intake_key")
    expect((await refused({ env: {}, used: uses.destination })).key).toBe("plugins.event-stream.intake_key")
  })
})
