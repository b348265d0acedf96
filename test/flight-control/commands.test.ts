/** Commands about one child, beside a data folder that holds others. */
import { expect, spyOn, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { makeCli } from "../../src/akonis.ts"
import { plugins } from "../../src/plugins/index.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"

const [acme, globex] = ["a", "b"].map((digit) => digit.repeat(32)) as [string, string]

/** Runs a command where these children are noted; `globex` has a file in the place of its folder. */
const akonis = (children: Readonly<Record<string, string>>, args: readonly string[]) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    mkdirSync(`${folder}/data`)
    writeFileSync(`${folder}/data/children.json`, JSON.stringify(children))
    writeFileSync(`${folder}/data/${globex}`, "")
    const client = { client_id: "parent", client_secret: "the-secret-of-the-parent", data_dir: `${folder}/data` }
    const own = { only: ["hosts"] }
    writeFileSync(`${folder}/akonis.yaml`, JSON.stringify({ ...client, tenants_from: "flight-control", plugins: own }))
    let out = ""
    const write = ((text: string, done?: () => void) => {
      out += text
      done?.()
      return true
    }) as typeof process.stdout.write
    const spies = [
      spyOn(process.stdout, "write").mockImplementation(write),
      spyOn(process.stderr, "write").mockImplementation(write),
    ]
    const run = makeCli(plugins)([...args, "--config", `${folder}/akonis.yaml`])
    const exit = yield* Effect.exit(run).pipe(Effect.ensuring(Effect.sync(() => spies.map((spy) => spy.mockRestore()))))
    return { out, worked: exit._tag === "Success" }
  })

const both = { [acme]: "Acme", [globex]: "" }

test("a command about one child opens no other one, whose folder may be in no state to be used", () =>
  onRealClock(
    Effect.gen(function* () {
      const list = ["approvals", "list", "--json", "--tenant"]
      expect(yield* akonis(both, [...list, acme])).toEqual({ out: "[]\n", worked: true })
      expect(yield* akonis(both, [...list, globex])).toMatchObject({ worked: false })
    }),
  ))

test.each([
  ["call", ["call", "isolate_hosts"]],
  ["approvals", ["approvals", "list"]],
  ["dead-letters", ["dead-letters", "list"]],
  ["assets", ["assets", "devices", "--dry-run"]],
])("%s asks for the name of a child, and says why there is none to name", (_, args) =>
  onRealClock(
    Effect.gen(function* () {
      expect((yield* akonis(both, args)).out).toEndWith(`--tenant: name one of: ${acme}, ${globex}\n`)
      expect((yield* akonis({ [acme]: "" }, args)).out).toEndWith(`--tenant: name one of: ${acme}\n`)
      expect((yield* akonis({}, args)).out).toEndWith("akonis run notes those that Falcon lists\n")
    }),
  ),
)
