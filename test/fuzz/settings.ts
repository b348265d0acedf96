/** The configuration: whatever stands there, it loads or is refused with the key that is wrong. */
import { expect } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Cause, Effect, Exit, Result } from "effect"
import fc from "fast-check"
import { loadConfig } from "../../src/core/config/load.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { plugins } from "../../src/plugins/index.ts"
import { type FuzzCase, fuzzCase } from "./fuzz-case.ts"

const enough = { FALCON_CLIENT_ID: "id", FALCON_CLIENT_SECRET: "a-client-secret", SEKOIA_INTAKE_KEY: "an-intake-key" }

/** Loads a file with this text: the key that is refused, or undefined when it loads. */
const refusedKey = async (text: string | Uint8Array, env: Readonly<Record<string, string>>) => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-fuzz-`)
  try {
    const file = `${folder}/akonis.yaml`
    writeFileSync(file, text)
    const exit = await Effect.runPromiseExit(loadConfig({ file, env, plugins }).pipe(Effect.provide(layerFiles)))
    if (Exit.isSuccess(exit)) return undefined
    const found = Cause.findError(exit.cause)
    if (!Result.isSuccess(found)) throw new Error(`not refused but broken: ${Cause.pretty(exit.cause)}`)
    const { _tag, key, message } = found.success
    expect(_tag).toBe("ConfigError")
    expect(message).not.toBe("")
    expect(message).not.toMatch(/\n\s+at |\bundefined\b|\[object/)
    return key
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const names = [
  "client_id",
  "client_secret",
  "client_secret_file",
  "base_url",
  "member_cid",
  "proxy",
  "ca_file",
  "data_dir",
  "log",
  "level",
  "format",
  "server",
  "host",
  "port",
  "read_only",
  "tokens",
  "name",
  "token",
  "role",
  "plugins",
  "only",
  "event-stream",
  "enabled",
  "intake_key",
  "intake_key_file",
  "intake_url",
  "event_types",
  "batch_events_max",
  "alerts",
  "hosts",
  "tenants",
  "id",
  "__proto__",
  "constructor",
  "toString",
  "",
] as const

const scalar = fc.oneof(
  fc.constantFrom("auto", "https://api.crowdstrike.com", "acme", "event-stream", "info", "admin", "./data", ""),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(0, 1, -1, 8080, 1e9, 0.5, Number.MAX_SAFE_INTEGER),
  fc.boolean(),
  fc.constant(null),
)
const { tree } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, tie("tree"), fc.array(tie("value"), { maxLength: 3 })),
  tree: fc.dictionary(
    fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.string() }),
    tie("value"),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  ),
}))

/** Configurations with the right outline, so that more of them get as far as the last check. */
const outlined = fc.record(
  {
    server: fc.oneof(scalar, tree, fc.record({ port: scalar, tokens: fc.array(tree, { maxLength: 2 }) })),
    log: fc.oneof(scalar, tree),
    plugins: fc.oneof(scalar, tree, fc.record({ "event-stream": tree, only: fc.array(scalar) }, { requiredKeys: [] })),
    tenants: fc.oneof(scalar, fc.array(fc.oneof(scalar, tree), { maxLength: 3 })),
    base_url: scalar,
    client_id: scalar,
  },
  { requiredKeys: [] },
)

const yaml_parts = [
  "a: 1\n",
  "server:\n",
  "  port: 1\n",
  "plugins: ",
  "- ",
  "&x ",
  "*x",
  "<<: ",
  "? ",
  ": ",
  "!!binary ",
  "!!set ",
  "!!omap ",
  "!own ",
  "|\n  text\n",
  ">-\n",
  "--- ",
  "...\n",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "#",
  "%YAML 1.1\n",
  "\t",
  "\n",
  "~",
  "2026-01-01",
  "0x1f",
  ".inf",
] as const
const nearly_yaml = fc.array(fc.constantFrom(...yaml_parts), { maxLength: 16 }).map((parts) => parts.join(""))

const variables = fc.dictionary(
  fc.constantFrom(
    "AKONIS_PORT",
    "AKONIS_HOST",
    "AKONIS_TOKEN",
    "AKONIS_TOKEN_FILE",
    "AKONIS_LOG_LEVEL",
    "FALCON_BASE_URL",
    "FALCON_CLIENT_SECRET_FILE",
    "FALCON_MEMBER_CID",
    "SEKOIA_INTAKE_URL",
  ),
  fc.string({ maxLength: 12 }),
  { noNullPrototype: true },
)

export const setting_cases: readonly FuzzCase[] = [
  fuzzCase(
    "a configuration of keys and values loads or is refused by the name of a key",
    1_000,
    fc.asyncProperty(fc.oneof(tree, outlined), async (value) => {
      expect(await refusedKey(JSON.stringify(value), enough)).not.toBe("")
    }),
  ),
  fuzzCase(
    "a configuration that is hardly YAML loads or is refused, and never ends in a stack trace",
    1_500,
    fc.asyncProperty(fc.oneof(nearly_yaml, fc.string({ unit: "binary" }), fc.uint8Array()), async (text) => {
      await refusedKey(text, enough)
    }),
  ),
  fuzzCase(
    "variables of any text load or are refused by the name of a key",
    500,
    fc.asyncProperty(variables, async (env) => {
      expect(await refusedKey("", { ...enough, ...env })).not.toBe("")
    }),
  ),
]
