import { describe, expect, test } from "bun:test"
import { Ajv } from "ajv"
import { Effect } from "effect"
import type { ApiState } from "../../simulator/api/state.ts"
import { catalogueFiles } from "../../src/platform/catalogue/files.ts"
import { action_identities } from "../../src/platform/identity.ts"
import { plugins } from "../../src/plugins/index.ts"
import { cases, type Known, type Slug } from "../actions/cases.ts"
import { apiState, callsOf, faultOn, madeUpIds } from "../actions/support.ts"
import { specified } from "./specification.ts"
import { run_token } from "./stand-in.ts"
import { withModule } from "./support.ts"

const files = catalogueFiles(plugins, { version: "1.2.3", all: false })
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })

type Schema = { readonly properties: Readonly<Record<string, object>> }
const resultsSchema = (docker_parameters: string) =>
  (JSON.parse(files[`action_${docker_parameters}.json`]!) as { readonly results: Schema }).results

/** What is wrong with results by the schema of the catalogue, keys that it does not name included. */
const wrongIn = (docker_parameters: string, results: Readonly<Record<string, unknown>> = {}): string[] => {
  const schema = resultsSchema(docker_parameters)
  const validate = ajv.compile(schema)
  const strays = Object.keys(results).filter((key) => !(key in schema.properties))
  return validate(results) ? strays : [ajv.errorsText(validate.errors), ...strays]
}

const knownOf = (state: ApiState, indicators: readonly string[]): Known => {
  const all = Object.values(state.incidents)
  return {
    hosts: Object.keys(state.hosts),
    alerts: Object.keys(state.alerts),
    incidents: all.map(({ incident_id }) => incident_id),
    behaviors: all.map(({ behavior_id }) => behavior_id),
    cases: Object.keys(state.cases),
    policies: Object.keys(state.policies),
    disabled: Object.values(state.policies).flatMap(({ id, enabled }) => (enabled ? [] : [id])),
    indicators,
  }
}

const statuses = (calls: readonly { readonly body: unknown }[]) =>
  calls.map(({ body }) => (body as { readonly status: string }).status)

describe("every action of the specification", () => {
  test.each(specified.map(({ slug, docker_parameters }) => [docker_parameters, slug as Slug] as const))(
    "%s runs as the runtime starts it, and answers as the catalogue says",
    (docker_parameters, slug) => {
      const own = cases[slug]
      return withModule({ simulator: { incidents: "served", ...own.simulator } }, ({ simulator, platform, run, act }) =>
        Effect.gen(function* () {
          yield* Effect.promise(async () => void (await own.prepare?.(act)))
          const { body } = yield* Effect.promise(() => act("search_indicators", {}))
          const found = "resources" in body.results ? (body.results.resources as string[]) : []
          const known = knownOf(yield* apiState(simulator), found.length > 0 ? found : madeUpIds(2))
          const before = platform.calls.length

          const exit = yield* run(docker_parameters, { arguments: own.good(known) })
          expect(exit._tag).toBe("Success")
          expect(statuses(platform.calls.slice(before))).toEqual(["running", "finished"])
          const { results, error } = platform.end() ?? {}
          expect(error).toBeUndefined()
          expect(wrongIn(docker_parameters, results)).toEqual([])
          expect(results).toMatchObject({ outcome: "success", errors: [] })
          const key = action_identities[docker_parameters]?.results_key ?? "resources"
          expect((results as Record<string, unknown[]>)[key]?.length).toBe(
            own.silent ? 0 : (own.resources ?? own.requested ?? 1),
          )
          expect(own.did?.(yield* apiState(simulator), known) ?? true).toBe(true)
          expect(platform.complaints).toEqual([])
          const sent = JSON.stringify(platform.calls)
          expect([run_token, simulator.settings.client_secret].filter((secret) => sent.includes(secret))).toEqual([])
        }),
      )
    },
  )
})

const hostsOf = (state: ApiState) => Object.keys(state.hosts)

describe("a playbook", () => {
  test("is given both halves of a run of which one failed: an error, and the results of what was done", () =>
    withModule({}, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        const [host] = hostsOf(yield* apiState(simulator))
        const exit = yield* run("isolate_hosts", { arguments: { ids: [host, "f".repeat(32)] } })
        expect(exit._tag).toBe("Success")
        const { results, error } = platform.end() ?? {}
        expect(results).toMatchObject({ outcome: "partial", counts: { requested: 2, succeeded: 1, failed: 1 } })
        expect(wrongIn("isolate_hosts", results)).toEqual([])
        expect(error).toStartWith(`1 of 2 done, 1 failed; ${"f".repeat(32)}: 404`)
      }),
    ))

  test("is told why nothing was done, without results and without a stack", () =>
    withModule({}, ({ platform, run, simulator }) =>
      Effect.gen(function* () {
        yield* run("isolate_hosts", { arguments: { ids: madeUpIds(2) } })
        expect(platform.end()).not.toHaveProperty("results")
        expect(platform.end()?.error).toContain(`${madeUpIds(1)[0]}: 404`)
        expect(platform.end()?.error).not.toContain("at ")
        yield* run("isolate_hosts", { arguments: { ids: "all of them", speed: 3 } })
        expect(platform.end()?.error).toContain("ids: ")
        expect(platform.end()?.error).toContain("speed")
        simulator.addFault({ on: "api", path: "/devices/entities/devices/v2", do: { status: 403 } })
        yield* run("get_device_details", { arguments: { ids: madeUpIds(1) } })
        expect(platform.end()?.error).toContain("Hosts: Read")
      }),
    ))

  test("fills in forms: empty fields are none, digits in text are numbers, lists in text are lists", () =>
    withModule({}, ({ platform, run }) =>
      Effect.gen(function* () {
        const form = { filter: "", sort: null, limit: "3", offset: "" }
        yield* run("query_devices_by_filter", { arguments: form })
        const ids = platform.end()?.results?.device_ids as string[]
        expect(ids.length).toBe(3)
        yield* run("get_device_details", { arguments: { ids: JSON.stringify(ids) } })
        expect(platform.end()?.results).toMatchObject({ counts: { requested: 3, succeeded: 3 } })
      }),
    ))

  test("goes on where a search stopped: `next` is text, as `offset` is", () =>
    withModule({ simulator: { hosts: 9 } }, ({ platform, run }) =>
      Effect.gen(function* () {
        yield* run("query_devices_by_filter", { arguments: { limit: 2 } })
        const { device_ids, next } = platform.end()?.results ?? {}
        expect(next).toBeString()
        yield* run("query_devices_by_filter", { arguments: { limit: 2, offset: next } })
        expect(platform.end()?.results?.device_ids).not.toEqual(device_ids)
        expect(wrongIn("query_devices_by_filter", platform.end()?.results)).toEqual([])
      }),
    ))
})

describe("a run", () => {
  test("that could not be announced is not carried out", () =>
    withModule({ platform: { answer: () => 403 } }, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        const hosts = hostsOf(yield* apiState(simulator))
        const exit = yield* run("isolate_hosts", { arguments: { ids: hosts.slice(0, 1) } })
        expect(exit._tag).toBe("Failure")
        expect(platform.end()?.error).toContain("nothing was done")
        expect(Object.values((yield* apiState(simulator)).hosts).some(({ contained }) => contained)).toBe(false)
      }),
    ))

  test("whose end the platform does not take at once is told again, and carried out once", () => {
    const failing = (nth: number) => (nth >= 2 && nth <= 4 ? 503 : undefined)
    return withModule({ platform: { answer: (_, nth) => failing(nth) } }, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        const hosts = hostsOf(yield* apiState(simulator))
        const before = (yield* callsOf(simulator)).length
        const exit = yield* run("isolate_hosts", { arguments: { ids: hosts.slice(0, 1) } })
        expect(exit._tag).toBe("Success")
        expect(statuses(platform.calls)).toEqual(["running", "finished", "finished", "finished", "finished"])
        const acts = (yield* callsOf(simulator)).slice(before).filter(({ path }) => path.includes("devices-actions"))
        expect(acts.length).toBe(1)
      }),
    )
  })

  test("whose end is answered with somebody else's page is told again", () => {
    const page = (nth: number) => (nth === 2 ? new Response("<!doctype html><title>Sign in</title>") : undefined)
    return withModule({ platform: { answer: (_, nth) => page(nth) } }, ({ run, platform }) =>
      Effect.gen(function* () {
        expect((yield* run("query_devices_by_filter", { arguments: {} }))._tag).toBe("Success")
        expect(statuses(platform.calls)).toEqual(["running", "finished", "finished"])
      }),
    )
  })

  test("that the platform has ended itself is over: a 409 is no failure, a 404 is one", () =>
    withModule({ platform: { answer: (_, nth) => [undefined, undefined, 409, undefined, 404][nth] } }, ({ run }) =>
      Effect.gen(function* () {
        expect((yield* run("get_online_state", { arguments: { ids: madeUpIds(1) } }))._tag).toBe("Success")
        expect((yield* run("get_online_state", { arguments: { ids: madeUpIds(1) } }))._tag).toBe("Failure")
      }),
    ))

  test("leaves an audit line that names the playbook, and its log with the platform", () =>
    withModule({}, ({ simulator, platform, read, run }) =>
      Effect.gen(function* () {
        const hosts = hostsOf(yield* apiState(simulator))
        simulator.addFault(faultOn("/devices/entities/devices-actions/v2", { status: 503 }, { every: 2 }))
        yield* run("isolate_hosts", {
          arguments: { ids: hosts.slice(0, 1) },
          playbook_uuid: "a-playbook",
          sub_folder: "runs/1",
        })
        const [line] = (read("symphony_data/runs/1/.akonis/audit.ndjson") ?? "").split("\n")
        expect(JSON.parse(line!)).toMatchObject({
          who: "playbook:a-playbook",
          via: "platform",
          action: "isolate_endpoints",
        })
        expect(platform.complaints).toEqual([])
      }),
    ))

  test("takes its secret from the platform, and from its own configuration where the platform keeps none", () =>
    withModule({ platform: { secrets: {} } }, ({ simulator, platform, run }) =>
      Effect.gen(function* () {
        const { client_id, client_secret } = simulator.settings
        const args = { ids: madeUpIds(1) }
        yield* run("get_online_state", { arguments: args })
        expect(platform.end()?.error).toContain("client_secret")
        const module_configuration = { client_id, client_secret, base_url: "http://falcon.test", unknown: 1 }
        yield* run("get_online_state", { arguments: args, module_configuration })
        expect(platform.end()?.error).toContain("404")
      }),
    ))
})
