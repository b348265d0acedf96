import { expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { Effect, Redacted } from "effect"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { plugins } from "../../plugins/index.ts"
import { tellUnready } from "./children.ts"
import { loadConfig } from "./load.ts"
import type { Secret } from "./secret.ts"

const [acme, globex, initech] = ["a", "b", "c"].map((digit) => digit.repeat(32)) as [string, string, string]

/** Loads a configuration beside a data folder that knows these three children. */
const load = (more: Readonly<Record<string, unknown>>, stream: Readonly<Record<string, unknown>> = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    mkdirSync(`${folder}/data`)
    mkdirSync(`${folder}/keys`)
    writeFileSync(`${folder}/keys/${globex}`, "the-key-of-globex")
    writeFileSync(`${folder}/data/children.json`, JSON.stringify({ [acme]: "Acme", [globex]: "Globex", [initech]: "" }))
    const filled = Object.fromEntries(
      Object.entries(stream).map(([key, value]) => [key, String(value).replace("FOLDER", folder)]),
    )
    const tree = {
      client_id: "parent",
      client_secret: "the-secret-of-the-parent",
      data_dir: `${folder}/data`,
      tenants_from: "flight-control",
      plugins: { only: ["event-stream"], "event-stream": filled },
      ...more,
    }
    return yield* loadConfig({ given: { source: "test", tree }, env: {}, plugins })
  })

const template = { intake_key_file: "FOLDER/keys/{cid}" }

test("every child that is known is a tenant of its own: by its customer id, with the parent's client", () =>
  onRealClock(
    Effect.gen(function* () {
      const { tenants } = yield* load({}, { intake_key: "one-key-of-all" })
      expect(tenants.map(({ id }) => id)).toEqual([acme, globex, initech])
      expect(tenants.map(({ credentials }) => credentials.member_cid)).toEqual([acme, globex, initech])
      expect(new Set(tenants.map(({ data_dir }) => data_dir)).size).toBe(3)
      expect(tenants[0]!.credentials.client_id).toBe("parent")
    }),
  ))

test("{cid} stands for the customer id; a child whose key is in no file is not started, and named", () =>
  onRealClock(
    Effect.gen(function* () {
      const { tenants, flight_control } = yield* load({}, template)
      expect(tenants.map(({ id }) => id)).toEqual([globex])
      const key = tenants[0]!.plugins[0]!.config.intake_key as Secret
      expect(Redacted.value(yield* key.value)).toBe("the-key-of-globex")
      expect(flight_control!.unready.map(({ cid }) => cid)).toEqual([acme, initech])
      expect(tellUnready(flight_control!)).toContain(`not started: ${acme} "Acme" (`)
    }),
  ))

test("the list of tenants says what single children have of their own: an id, a key; who has no key is not started", () =>
  onRealClock(
    Effect.gen(function* () {
      const own = { plugins: { "event-stream": { intake_key: "the-key-of-acme" } } }
      const stranger = { id: "hooli", member_cid: "d".repeat(32), plugins: {} }
      const { tenants, flight_control } = yield* load({
        tenants: [{ id: "acme", member_cid: acme.toUpperCase(), ...own }, stranger],
      })
      expect(tenants.map(({ id }) => id)).toEqual(["acme"])
      expect(flight_control!.unready).toEqual([
        { cid: globex, name: `${globex} "Globex"`, why: "event-stream.intake_key is missing" },
        { cid: initech, name: initech, why: "event-stream.intake_key is missing" },
      ])
      expect([...flight_control!.unlisted.values()]).toEqual(["hooli"])
    }),
  ))

test("a child whose own client secret cannot be read is not started, and keeps no other one from it", () =>
  onRealClock(
    Effect.gen(function* () {
      const own = { id: "acme", member_cid: acme, client_secret_file: "/nowhere/secret" }
      // The parent's own secret is not here either: that is no matter of single children.
      const parent = { client_secret: undefined, client_secret_file: "/nowhere/parent" }
      const { tenants, flight_control } = yield* load({ ...parent, tenants: [own] }, { intake_key: "one-key-of-all" })
      expect(tenants.map(({ id }) => id)).toEqual([globex, initech])
      expect(flight_control!.unready).toMatchObject([{ cid: acme, why: expect.stringContaining("client_secret") }])
    }),
  ))

test.each([
  ["a mistake in what all children have", {}, { intake_key: "a-key-of-all", batch_size: 3 }, "children.0"],
  ["a child in the place of the parent", { member_cid: acme }, template, "member_cid"],
  ["an entry that names no child", { tenants: [{ id: "acme" }] }, template, "tenants[0].member_cid"],
  [
    "two entries about one child",
    { tenants: ["x", "y"].map((id) => ({ id, member_cid: acme })) },
    template,
    "tenants[1].member_cid",
  ],
  [
    "a mistake in an entry about a child that is not there yet",
    { tenants: [{ id: "hooli", member_cid: "d".repeat(32), plugins: { "event-stream": { batch_size: 3 } } }] },
    template,
    "tenants[0].plugins",
  ],
  ["another source of tenants", { tenants_from: "ldap" }, template, "tenants_from"],
] as const)("%s stops the start", (_, more, stream, key) =>
  onRealClock(
    Effect.gen(function* () {
      const error = yield* Effect.flip(load(more, stream))
      expect(error._tag).toBe("ConfigError")
      expect((error as { key: string }).key).toStartWith(key)
    }),
  ),
)
