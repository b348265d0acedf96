/** Plugins from outside, as a configuration names them: what is taken, and what is refused in which words. */
import { describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import * as whole from "effect"
import { Effect } from "effect"
import { type Config, loadConfig } from "../../src/core/config/load.ts"
import type { ConfigError } from "../../src/core/errors.ts"
import * as offered from "../../src/outside/effect.ts"
import { loadOutside } from "../../src/outside/load.ts"
import { plugins } from "../../src/plugins/index.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"

const env = { FALCON_CLIENT_ID: "id", FALCON_CLIENT_SECRET: "a-client-secret", SEKOIA_INTAKE_KEY: "an-intake-key" }

type Files = Readonly<Record<string, string>>

/** Loads this configuration beside these files, made ready by `prepare`. */
const load = (yaml: string, files: Files, prepare: (folder: string) => void = () => undefined) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    for (const [path, text] of Object.entries({ ...files, "akonis.yaml": yaml })) {
      mkdirSync(dirname(`${folder}/${path}`), { recursive: true, mode: 0o755 })
      writeFileSync(`${folder}/${path}`, text, { mode: 0o644 })
    }
    prepare(folder)
    return yield* loadConfig({ file: `${folder}/akonis.yaml`, env, plugins, loadOutside })
  })

const loaded = (yaml: string, files: Files): Promise<Config> => onRealClock(load(yaml, files))
const refused = (...given: Parameters<typeof load>): Promise<ConfigError> => onRealClock(Effect.flip(load(...given)))

const one = "plugins: { load: [./acme.ts] }"

/** A plugin with these lines in its declaration. */
const acme = (lines = "", imports = "") => `
import { defineAction, definePlugin, outcomeOfList } from "akonis/plugin"
import { Effect } from "effect"
import { z } from "zod"
${imports}
const greet = defineAction({
  slug: "greet", title: "Greet", description: "Greets.", arguments: z.strictObject({}), resource: z.unknown(), example: {},
  scopes: [], changes: false, destructive: false, idempotent: true,
  run: (_, { config }) => Effect.sync(() => outcomeOfList([config.greeting], [], [])),
})
export default definePlugin({
  api: 1, id: "acme", title: "Greets.", actions: [greet],
  config: z.strictObject({ greeting: z.string().default("hello").describe("What it says.") }),
  ${lines}
})`

const words = 'import { greeting } from "./parts/words.ts"\nif (greeting !== "ok") throw new Error("no")'

test("what a plugin from outside finds in effect is all that effect has, and the copies that the process runs", () => {
  expect({ ...offered }).toEqual({ ...whole })
})

describe("a plugin from outside", () => {
  test("gets our own effect, zod and akonis/plugin, and files of its own folder, without node_modules", async () => {
    const files = {
      "acme.ts": acme("", words),
      "parts/words.ts":
        'import { Option } from "effect"\nexport const greeting: string = Option.getOrElse(Option.none(), () => "ok")',
    }
    const { tenants } = await loaded(one, files)
    expect(tenants[0]!.plugins.map(({ plugin }) => plugin.id)).toContain("acme")
  })

  test("has its own keys in the configuration, for each tenant", async () => {
    const yaml = `
plugins: { load: [./acme.ts], event-stream: { enabled: false }, acme: { greeting: hi } }
tenants: [{ id: a, client_id: a }, { id: b, client_id: b, plugins: { acme: { greeting: moin } } }, { id: c, client_id: c, plugins: { acme: { enabled: false } } }]`
    const { tenants } = await loaded(yaml, { "acme.ts": acme() })
    const own = tenants.map(({ plugins }) => plugins.find(({ plugin }) => plugin.id === "acme"))
    expect(own.map((found) => found?.config.greeting)).toEqual(["hi", "moin", undefined])
    const said = own.slice(0, 2).map((found) => found!.plugin.actions[0]!.run({}))
    const outcomes = await onRealClock(Effect.all(said as never[]) as Effect.Effect<{ resources: unknown[] }[]>)
    expect(outcomes.map(({ resources }) => resources)).toEqual([["hi"], ["moin"]])
  })

  test("can be named by `only`, and is on without it", async () => {
    const { tenants } = await loaded("plugins: { load: [./acme.ts], only: [acme] }", { "acme.ts": acme() })
    expect(tenants[0]!.plugins.map(({ plugin }) => plugin.id)).toEqual(["acme"])
  })

  test.each([
    [
      "of another version of the API",
      acme().replace("api: 1", "api: 2"),
      "it declares api: 2; this akonis speaks version 1",
    ],
    [
      "of another version, which has names that ours lacks",
      acme("", 'import { novelty } from "akonis/plugin"\nnovelty()').replace("api: 1", "api: 3"),
      "it declares api: 3; this akonis speaks version 1",
    ],
    ["without a version", acme().replace("api: 1,", ""), "it declares no api"],
    ["that exports none", "export const nothing = 1", "it has no default export that is a plugin"],
    [
      "that imports what is not offered",
      acme("", 'import _ from "lodash"\n_()'),
      'it imports "lodash"; a plugin may import effect, zod',
    ],
    [
      "that imports from outside of its folder",
      acme("", 'import "../x.ts"'),
      'it imports "../x.ts", which lies outside of',
    ],
    ["that throws while it is loaded", "throw new TypeError('oh')", "it throws when it is loaded: TypeError: oh"],
    ["that is no TypeScript", "export default {", "it cannot be read as TypeScript"],
    ["with an id that is taken", acme().replace('id: "acme"', 'id: "hosts"'), 'there is a plugin "hosts" already'],
    [
      "with an action that is there already",
      acme().replaceAll("greet", "isolate_endpoints"),
      "has a name that the plugin hosts uses already",
    ],
    ["with a part that is none", acme("run: 1,"), "run must be a function"],
    ["with a schema that is none", acme().replace(/config: z.*\)/, "config: {}"), "config must be a z.object"],
  ])("%s is refused", async (_, text, message) => {
    const error = await refused(one, { "acme.ts": text })
    expect(error.key).toBe("plugins.load[0]")
    expect(error.source).toEndWith("akonis.yaml")
    expect(error.message).toContain(message)
    expect(error.message).toContain("acme.ts")
  })

  test.each([
    ["a file that threw", { "acme.ts": "throw new TypeError('oh')" }],
    ["a part that threw", { "parts/words.ts": "throw new TypeError('oh')" }],
    ["a part that was no TypeScript", { "parts/words.ts": "export const greeting = {" }],
    ["a name that was not there", { "parts/words.ts": "export const other = 1" }],
    ["another version", { "acme.ts": acme().replace("api: 1", "api: 2") }],
    ["an id that is taken", { "acme.ts": acme().replace('id: "acme"', 'id: "hosts"') }],
  ])("is tried again by a reload, once it is mended: %s", (_, broken) =>
    onRealClock(
      Effect.gen(function* () {
        const right = { "acme.ts": acme("", words), "parts/words.ts": 'export const greeting: string = "ok"' }
        let folder = ""
        const seen = (made: string) => {
          folder = made
        }
        yield* Effect.flip(load(one, { ...right, ...broken }, seen))
        for (const [path, text] of Object.entries(right)) writeFileSync(`${folder}/${path}`, text)
        const { tenants } = yield* loadConfig({ file: `${folder}/akonis.yaml`, env, plugins, loadOutside })
        expect(tenants[0]!.plugins.map(({ plugin }) => plugin.id)).toContain("acme")
      }),
    ),
  )

  test.each([
    ["a key that it does not know", "acme: { greting: x }", "plugins.acme.greting", "allowed here: enabled, greeting"],
    ["a value that does not fit", "acme: { greeting: 1 }", "plugins.acme.greeting", "must be a text"],
    ["another plugin that is not there", "acme2: {}", "plugins.acme2", "there is no such plugin"],
  ])("is not the only one to be checked: %s is refused", async (_, block, key, message) => {
    const error = await refused(`plugins: { load: [./acme.ts], ${block} }`, { "acme.ts": acme() })
    expect(error).toMatchObject({ key, message: expect.stringContaining(message) })
  })

  test.each([
    ["a text", "plugins: { load: ./acme.ts }", "plugins.load", "must be a list of files"],
    [
      "under a tenant",
      "tenants: [{ id: a, plugins: { load: [./acme.ts] } }]",
      "tenants[0].plugins.load",
      "for all tenants",
    ],
    [
      "twice the same",
      "plugins: { load: [./acme.ts, ./acme.ts] }",
      "plugins.load[1]",
      'there is a plugin "acme" already',
    ],
    ["a file that is not there", "plugins: { load: [./nobody.ts] }", "plugins.load[0]", "no such file"],
    ["a folder", "plugins: { load: [.] }", "plugins.load[0]", "it is a folder"],
  ])("is named in a list of files at the top level: %s is refused", async (_, yaml, key, message) => {
    const error = await refused(yaml, { "acme.ts": acme() })
    expect(error).toMatchObject({ key, message: expect.stringContaining(message) })
  })
})

describe("who may write a plugin's files has the rights of akonis, so they are refused", () => {
  const chmod = (path: string, mode: number) => (folder: string) => chmodSync(`${folder}/${path}`, mode)
  const files = { "acme.ts": acme("", 'import "./parts/more.ts"'), "parts/more.ts": "export {}" }

  test.each([
    ["when everybody may write the file", chmod("acme.ts", 0o666), "it can be written by everybody"],
    [
      "when everybody may write a file that it imports",
      chmod("parts/more.ts", 0o666),
      "it can be written by everybody",
    ],
    ["when everybody may replace it in its folder", chmod("parts", 0o777), "so that the file could be replaced"],
  ])("%s", async (_, prepare, message) => {
    const error = await refused(one, files, prepare)
    expect(error.message).toContain(message)
  })

  test("when it lies where akonis writes", async () => {
    const yaml = (folder: string) => `data_dir: ${folder}/data\nplugins: { load: [./data/acme.ts] }`
    const error = await refused("", { "data/acme.ts": acme() }, (folder) =>
      writeFileSync(`${folder}/akonis.yaml`, yaml(folder)),
    )
    expect(error.message).toContain("where akonis writes: nothing there is run")
  })
})
