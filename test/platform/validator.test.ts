import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { apiState, faultOn } from "../actions/support.ts"
import { withModule } from "./support.ts"

const command = "validate_module_configuration"
const forbidden = { status: 403, body: '{"errors":[{"code":403,"message":"access denied, authorization failed"}]}' }

describe("the account validator", () => {
  test("says that an account works, without changing anything", () =>
    withModule({}, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        const { requests: __, ...before } = yield* apiState(simulator)
        const exit = yield* run(command)
        expect(exit._tag).toBe("Success")
        expect(platform.calls.map(({ body }) => body)).toMatchObject([
          { status: "running" },
          { status: "finished", results: { success: true, missing_scopes: [] } },
        ])
        expect(platform.calls[0]?.body).toEqual({ status: "running" })
        expect(platform.end()).not.toHaveProperty("error")
        expect(platform.complaints).toEqual([])
        const { requests: _, ...after } = yield* apiState(simulator)
        expect(after).toEqual(before)
      }),
    ))

  test("refuses a wrong secret, in CrowdStrike's words", () =>
    withModule({ platform: { secrets: { client_secret: "not-the-secret" } } }, ({ platform, run }) =>
      Effect.gen(function* () {
        yield* run(command)
        expect(platform.end()).toMatchObject({ results: { success: false } })
        expect(platform.end()?.error).toContain("token")
        expect(JSON.stringify(platform.calls)).not.toContain("not-the-secret")
      }),
    ))

  test("refuses an account that may not read the event streams, and names the scope", () =>
    withModule({}, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        simulator.addFault({ on: "list", do: forbidden })
        yield* run(command)
        expect(platform.end()).toMatchObject({ results: { success: false } })
        expect(platform.end()?.error).toContain("Event streams: Read")
      }),
    ))

  test("tells which scopes actions would lack, of an account that works without them", () =>
    withModule({}, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        simulator.addFault(faultOn("/devices/", forbidden, { every: 1 }))
        yield* run(command)
        expect(platform.end()).toMatchObject({
          results: { success: true, missing_scopes: ["Hosts: Read", "Hosts: Write"] },
        })
      }),
    ))

  test("says what is missing in the form", () =>
    withModule({}, ({ platform, run }) =>
      Effect.gen(function* () {
        yield* run(command, { module_configuration: { client_id: "", base_url: "no url" } })
        expect(platform.end()).toMatchObject({ results: { success: false } })
        expect(platform.end()?.error).toMatch(/client_id|base_url/)
      }),
    ))
})
