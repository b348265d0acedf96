import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { Effect, Redacted } from "effect"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { plugins } from "../../plugins/index.ts"
import type { ConfigError } from "../errors.ts"
import { type Config, loadConfig } from "./load.ts"
import type { Secret } from "./secret.ts"

const enough = { FALCON_CLIENT_ID: "id", FALCON_CLIENT_SECRET: "a-client-secret", SEKOIA_INTAKE_KEY: "an-intake-key" }

/** Loads a file with this content beside these variables. */
const load = (yaml: string | undefined, env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const file = `${folder}/akonis.yaml`
    writeFileSync(file, yaml ?? "")
    return yield* loadConfig({ file, env, plugins })
  })

const ok = (yaml: string | undefined, env?: Record<string, string>): Promise<Config> => onRealClock(load(yaml, env))
const refused = (yaml: string | undefined, env?: Record<string, string>): Promise<ConfigError> =>
  onRealClock(Effect.flip(load(yaml, env)))
const reveal = (secret: {
  readonly value: Parameters<typeof onRealClock<Redacted.Redacted<string>, ConfigError>>[0]
}) => onRealClock(Effect.map(secret.value, Redacted.value))

const idsOf = (config: Config, tenant = 0): string[] => config.tenants[tenant]!.plugins.map(({ plugin }) => plugin.id)

const streamOf = (config: Config) =>
  config.tenants[0]!.plugins.find(({ plugin }) => plugin.id === "event-stream")?.config

describe("the configuration", () => {
  test("needs no file when the environment says enough", async () => {
    const config = await onRealClock(loadConfig({ env: { ...enough, AKONIS_PORT: "0" }, plugins }))
    expect(config).toMatchObject({ source: "environment", data_dir: "./data", server: { host: "127.0.0.1", port: 0 } })
    expect(config.tenants[0]!.credentials.base_url).toBe("https://api.eu-1.crowdstrike.com")
    expect(await reveal(config.tenants[0]!.credentials.client_secret)).toBe("a-client-secret")
    expect(streamOf(config)).toMatchObject({
      start: "oldest",
      batch_events_max: 1000,
      intake_url: "https://intake.sekoia.io",
    })
  })

  test("takes the environment over the file", async () => {
    const yaml =
      "client_id: from-file\nlog: { level: warn }\nplugins: { event-stream: { intake_url: https://file.example } }"
    const config = await ok(yaml, { ...enough, AKONIS_LOG_LEVEL: "debug", SEKOIA_INTAKE_URL: "https://env.example" })
    expect(config.tenants[0]!.credentials.client_id).toBe("id")
    expect(config.log.level).toBe("debug")
    expect(streamOf(config)?.intake_url).toBe("https://env.example")
  })

  test("reads a secret file when the secret is needed, and again when it has changed", async () => {
    await onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/secret`, "first-secret\n")
        const env = { ...enough, FALCON_CLIENT_SECRET: "", FALCON_CLIENT_SECRET_FILE: `${folder}/secret` }
        const config = yield* loadConfig({ env, plugins })
        const { client_secret } = config.tenants[0]!.credentials
        expect(Redacted.value(yield* client_secret.value)).toBe("first-secret")
        writeFileSync(`${folder}/secret`, "second-one")
        expect(Redacted.value(yield* client_secret.value)).toBe("second-one")
        writeFileSync(`${folder}/secret`, "")
        expect((yield* Effect.flip(client_secret.value)).message).toContain("empty")
      }),
    )
  })

  test("takes a secret without the white space around it, from the file as from the environment", async () => {
    const env = { ...enough, FALCON_CLIENT_SECRET: " a-client-secret\r\n", SEKOIA_INTAKE_KEY: "" }
    const config = await ok('plugins: { event-stream: { intake_key: "an-intake-key\\n" } }', env)
    expect(await reveal(config.tenants[0]!.credentials.client_secret)).toBe("a-client-secret")
    expect(await reveal(streamOf(config)!.intake_key)).toBe("an-intake-key")
  })

  test("refuses a secret in the environment that is too short, and names its variable", async () => {
    const error = await refused("", { ...enough, FALCON_CLIENT_SECRET: "windows" })
    expect(error).toMatchObject({ source: "environment", key: "FALCON_CLIENT_SECRET" })
    expect(error.message).toContain("too short")
  })

  test("never shows a secret when it is printed", async () => {
    const config = await ok(undefined, { ...enough, AKONIS_TOKEN: "a-bearer-token" })
    expect(Bun.inspect(config, { depth: 20 }) + JSON.stringify(config)).not.toMatch(
      /a-client-secret|an-intake-key|a-bearer-token/,
    )
  })

  test("adds AKONIS_TOKEN as a caller of role admin", async () => {
    const yaml = "server: { tokens: [{ name: soc, token: a-soc-token, role: reader }] }"
    const config = await ok(yaml, { ...enough, AKONIS_TOKEN: "a-bearer-token" })
    expect(config.server.tokens.map(({ name, role }) => [name, role])).toEqual([
      ["soc", "reader"],
      ["env", "admin"],
    ])
  })

  test("leaves a plugin that is off without a trace, and asks for none of its keys", async () => {
    const config = await ok("plugins: { event-stream: { enabled: false } }", { ...enough, SEKOIA_INTAKE_KEY: "" })
    expect(idsOf(config)).not.toContain("event-stream")
  })

  test("runs the plugins of `only` and no others", async () => {
    const config = await ok("plugins: { only: [event-stream] }", enough)
    expect(idsOf(config)).toEqual(["event-stream"])
  })

  test("gives every tenant its own credentials and folder, and falls back to the top level", async () => {
    const yaml = `
base_url: https://api.us-2.crowdstrike.com
client_secret: shared-secret
plugins: { event-stream: { intake_url: https://intake.example, batch_events_max: 10 } }
tenants:
  - { id: acme, client_id: a, plugins: { event-stream: { intake_key: acme-intake-key } } }
  - { id: globex, client_id: b, client_secret: own-secret-b, base_url: auto, plugins: { event-stream: { enabled: false } } }`
    const config = await ok(yaml)
    const [acme, globex] = config.tenants
    expect(acme).toMatchObject({
      id: "acme",
      data_dir: "./data/acme",
      credentials: { client_id: "a", base_url: "https://api.us-2.crowdstrike.com" },
    })
    expect(streamOf(config)).toMatchObject({ intake_url: "https://intake.example", batch_events_max: 10 })
    expect(await reveal(streamOf(config)!.intake_key)).toBe("acme-intake-key")
    expect(await reveal(acme!.credentials.client_secret)).toBe("shared-secret")
    expect(await reveal(globex!.credentials.client_secret)).toBe("own-secret-b")
    expect(globex).toMatchObject({ credentials: { base_url: "auto" } })
    expect(idsOf(config, 1)).not.toContain("event-stream")
  })

  test("never lets a variable take the place of what a tenant says of itself", async () => {
    const yaml = `
tenants:
  - { id: acme, client_id: a, client_secret: acme-client-secret, plugins: { event-stream: { intake_key: acme-intake-key } } }
  - { id: globex, client_id: b, plugins: { event-stream: { intake_url: https://globex.example } } }`
    const config = await ok(yaml, {
      ...enough,
      SEKOIA_INTAKE_URL: "https://env.example",
      FALCON_BASE_URL: "https://api.us-2.crowdstrike.com",
    })
    const streams = config.tenants.map(
      (tenant) => tenant.plugins.find(({ plugin }) => plugin.id === "event-stream")?.config,
    )
    expect(await Promise.all(streams.map((stream) => reveal(stream.intake_key)))).toEqual([
      "acme-intake-key",
      "an-intake-key",
    ])
    expect(streams.map((stream) => stream.intake_url)).toEqual(["https://env.example", "https://globex.example"])
    const secrets = config.tenants.map(({ credentials }) => reveal(credentials.client_secret))
    expect(await Promise.all(secrets)).toEqual(["acme-client-secret", "a-client-secret"])
    expect(config.tenants.map(({ credentials }) => credentials.client_id)).toEqual(["a", "b"])
  })

  test.each([
    ["an unknown key", "client_idd: x", "client_idd", "allowed here: proxy, ca_file, data_dir"],
    [
      "an unknown key in a block",
      "server: { prot: 1 }",
      "server.prot",
      "allowed here: host, port, allowed_hosts, health_tenants, read_only, python_metrics, tokens",
    ],
    [
      "an unknown key of a plugin",
      "plugins: { event-stream: { intake: x } }",
      "plugins.event-stream.intake",
      "enabled, intake_key, intake_url",
    ],
    [
      "a folder for STIX files that holds the data folder",
      "data_dir: /x/data\nstix_dir: /x",
      "stix_dir",
      "must not lie in each other",
    ],
    [
      "a folder for STIX files in the data folder",
      "data_dir: ./data\nstix_dir: data/audit",
      "stix_dir",
      "must not lie in each other",
    ],
    ["an unknown plugin", "plugins: { event_stream: {} }", "plugins.event_stream", "there are: event-stream"],
    ["an unknown plugin in only", "plugins: { only: [streams] }", "plugins.only", "there are: event-stream"],
    ["a value outside a list", "log: { level: loud }", "log.level", "debug, info, warn, error"],
    ["a bad URL", "base_url: api.crowdstrike.com", "base_url", "must be a URL"],
    [
      "a URL that paths cannot be added to",
      "plugins: { event-stream: { intake_url: 'https://intake.example/?key=1' } }",
      "plugins.event-stream.intake_url",
      "without `?`",
    ],
    ["a number out of range", "server: { port: 70000 }", "server.port", "at most 65535"],
    [
      "a wrong kind",
      "plugins: { event-stream: { batch_events_max: many } }",
      "plugins.event-stream.batch_events_max",
      "must be a",
    ],
    [
      "a batch above the intake's limit",
      "plugins: { event-stream: { batch_events_max: 5000 } }",
      "plugins.event-stream.batch_events_max",
      "at most 1000",
    ],
    ["a secret that is none", "client_secret: t", "client_secret", "too short"],
    ["a secret given twice", "client_secret: a-secret-a\nclient_secret_file: /b", "client_secret", "keep one"],
    ["a list in place of a block", "server: [1]", "server", "must be a block of keys"],
    ["a member CID that is none", "member_cid: acme", "member_cid", "32 hexadecimal"],
    ["the same tenant twice", "tenants: [{ id: a }, { id: a }]", "tenants[1].id", "twice"],
    [
      "a tenant's unknown key",
      "tenants: [{ id: a, data_dir: x }]",
      "tenants[0].data_dir",
      "allowed here: id, client_id",
    ],
    ["no YAML", "a: [", "", "no valid YAML"],
    ["an alias of nothing", "client_id: *id", "", "an alias (*name) has no anchor"],
    ["an empty key", "'': 1", '""', "allowed here: proxy"],
    ["no keys at all", "- 1", "", "keys and values"],
  ])("refuses %s and says where and what is allowed", async (_, yaml, key, message) => {
    const env = yaml.includes("client_secret") ? { ...enough, FALCON_CLIENT_SECRET: "" } : enough
    const error = await refused(yaml, yaml.includes("tenants") ? {} : env)
    expect(error.source).toEndWith("akonis.yaml")
    expect(error.key).toBe(key)
    expect(error.message).toContain(message)
  })

  test.each([
    ['client_secret: "s3cret-value', "Missing closing"],
    ["client_secret: *s3cret-value", "in quotes"],
    ["{ client_secret: s3cret-value }: 1", "there is no such key"],
  ])("never quotes what may be a secret: %s", async (yaml, message) => {
    const error = await refused(yaml, {})
    expect(error.message).toContain(message)
    expect(error.message).not.toContain("s3cret-value")
  })

  test("names every way to give a missing secret", async () => {
    const error = await refused(undefined, { ...enough, SEKOIA_INTAKE_KEY: "" })
    expect(error.key).toBe("plugins.event-stream.intake_key")
    expect(error.message).toBe(
      "is missing; set plugins.event-stream.intake_key, or intake_key_file, or SEKOIA_INTAKE_KEY, or SEKOIA_INTAKE_KEY_FILE",
    )
  })

  test("names the variable that a wrong value came from", async () => {
    const error = await refused(undefined, { ...enough, AKONIS_PORT: "http" })
    expect(error).toMatchObject({ key: "server.port", message: expect.stringContaining("(set by AKONIS_PORT)") })
  })

  test("says so when the file that was named is not there", async () => {
    const error = await onRealClock(Effect.flip(loadConfig({ file: "/nowhere/akonis.yaml", env: enough, plugins })))
    expect(error.message).toContain("cannot be read: no such file or folder")
  })
})

describe("a plugin that a variable switches on", () => {
  const variable = "ACTIVATE_VERTICLES_COLLECTION"
  const isOn = async (yaml: string | undefined, text: string) =>
    idsOf(await ok(yaml, { ...enough, [variable]: text })).includes("enrichment")
  const block = (enabled: boolean) => `plugins: { enrichment: { enabled: ${enabled} } }`

  test.each(["true", "TRUE", "1", "yes", " true "])("is on with %p, whatever the file says", async (text) => {
    expect(await isOn(undefined, text)).toBe(true)
    expect(await isOn(block(false), text)).toBe(true)
    expect(await isOn("plugins: { only: [event-stream] }", text)).toBe(true)
  })

  test.each(["false", "False", "0", "no"])("is off with %p, whatever the file says", async (text) => {
    expect(await isOn(undefined, text)).toBe(false)
    expect(await isOn(block(true), text)).toBe(false)
  })

  test("is what the file says when the variable is empty, and off when neither says anything", async () => {
    expect(await isOn(undefined, "")).toBe(false)
    expect(await isOn(block(true), "")).toBe(true)
    expect(await isOn(block(false), "")).toBe(false)
  })

  test("stops the start with any other text", async () => {
    const error = await refused(undefined, { ...enough, [variable]: "on please" })
    expect(error).toMatchObject({ source: "environment", key: variable })
    expect(error.message).toBe("must be true, 1 or yes, or else false, 0 or no")
  })

  test("among several tenants, is on where the tenant says nothing itself", async () => {
    const yaml = "tenants: [{ id: a }, { id: b, plugins: { enrichment: { enabled: false } } }]"
    const config = await ok(yaml, { ...enough, [variable]: "true" })
    expect([idsOf(config, 0).includes("enrichment"), idsOf(config, 1).includes("enrichment")]).toEqual([true, false])
  })
})

describe("a secret of one tenant", () => {
  test.each([
    ["text in the place of a file", "_file: /nowhere/of-all", ": a-secret-of-its-own"],
    ["a file in the place of text", ": a-secret-of-all-of-them", "_file: /nowhere/own"],
  ])("takes the place of the one of all: %s", async (_, of_all, own) => {
    const stream = (value: string) => `{ event-stream: { intake_key${value} } }`
    const yaml = `
client_id: id
client_secret${of_all}
plugins: ${stream(of_all)}
tenants: [{ id: a, client_secret${own}, plugins: ${stream(own)} }, { id: b }]`
    const { tenants } = await ok(yaml)
    const of = ({ credentials, plugins: [first] }: (typeof tenants)[number]) =>
      [credentials.client_secret, first!.config.intake_key as Secret].map(({ fixed }) => fixed && Redacted.value(fixed))
    const shown = (text: string) => (text.startsWith(": ") ? text.slice(2) : undefined)
    expect(tenants.map(of)).toEqual([own, of_all].map((text) => [shown(text), shown(text)]))
  })
})

describe("edge_types of the enrichment", () => {
  const of = (value: string) => `plugins: { enrichment: { enabled: true, edge_types: ${value} } }`
  const edgeTypes = (config: Config) =>
    config.tenants[0]!.plugins.find(({ plugin }) => plugin.id === "enrichment")?.config.edge_types

  test("are all of them, or a list", async () => {
    expect(edgeTypes(await ok("plugins: { enrichment: { enabled: true } }", enough))).toBe("all")
    expect(edgeTypes(await ok(of("[child_process, wrote_module]"), enough))).toEqual(["child_process", "wrote_module"])
  })

  test.each(["some", "[]", "[1]", "['a b']", "{ a: 1 }"])("are nothing else: %s", async (value) => {
    const error = await refused(of(value), enough)
    expect(error.key).toStartWith("plugins.enrichment.edge_types")
    expect(error.message).toContain("edge type")
  })
})
