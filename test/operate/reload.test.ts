/** Reloads of a process that works: what changes is changed, and what does not goes on without noticing. */
import { describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { server } from "../../src/core/http/server/limits.ts"
import { harm, opened, type Reloading, tokens, until, withReloading } from "./reloading.ts"

const events = 1_500
/** Events come as long as the test changes things, and then some more. */
const busy = { events_per_partition: 200, events_per_second: 400, events_max: events, partitions: 2 }
const whole = { delivered: 2 * events, repeated: 0, corrupted: 0, out_of_order: 0, undelivered: 0 }

const settings = (running: Reloading, sim: number) =>
  running.sims[sim]!.simulator.settings as { client_secret: string; intake_key: string; intake_delay_ms: number }

const reports = async ({ get }: Reloading) => {
  const { plugins } = JSON.parse((await get("/health")).text) as {
    readonly plugins: Readonly<Record<string, { readonly status: string; readonly since: string }>>
  }
  return plugins
}

/** Whether the metrics have a series with these labels. */
const measured = async ({ get }: Reloading, labels: string, token?: string) =>
  (await get("/metrics", token)).text.includes(labels)

describe("a reload", () => {
  test(
    "under load switches plugins and tenants and takes new secrets; a stream that did not change loses nothing, repeats nothing and keeps its feed",
    () =>
      withReloading(
        { sims: [busy, { events_per_partition: 300 }], first: (tenant) => ({ tenants: [tenant("acme", 0)] }) },
        async (running) => {
          const { sims, tenant, write, reload, get } = running
          await until("events", () => harm(sims[0]!).delivered > 0)

          write({ tenants: [tenant("acme", 0, { alerts: { enabled: false } })] })
          const off = (await reload()).body
          expect(off).toMatchObject({ started: [], stopped: ["acme/alerts"], restarted: [], rotated: [] })
          expect(off.kept).toContain("acme/event-stream")
          expect(await reports(running)).not.toHaveProperty("alerts")
          // Other tests of this process count, too, for tenants of theirs.
          expect(await measured(running, 'tenant="acme",plugin="alerts"')).toBe(false)
          expect((await get("/actions")).text).not.toContain("update_alerts")

          write({ tenants: [tenant("acme", 0), tenant("bolt", 1)] })
          const before = new Date().toISOString()
          const added = (await reload()).body
          expect(added.started).toContain("bolt/event-stream")
          expect(added.started).toContain("acme/alerts")
          expect(await get("/tenants/acme/actions")).toMatchObject({ status: 200 })
          await until("events of the new tenant", () => harm(sims[1]!).delivered === 300)
          const told = await reports(running)
          expect(told["acme/alerts"]!.since > before && told["bolt/event-stream"]!.since > before).toBe(true)
          expect(told["acme/event-stream"]!.since < before).toBe(true)
          expect(await measured(running, 'tenant="bolt"')).toBe(true)

          settings(running, 0).client_secret = "another-secret-of-falcon"
          settings(running, 0).intake_key = "another-key-of-the-intake"
          const token = "another-token-of-the-admin"
          const server = { port: 0, tokens: [{ name: "boss", role: "admin", token }] }
          write({ server, tenants: [tenant("acme", 0), tenant("bolt", 1)] })
          const { rotated, restarted } = (await reload()).body
          expect([restarted, rotated]).toEqual([
            [],
            ["server.tokens: boss", "acme: client_secret", "acme/event-stream: intake_key"],
          ])
          expect((await reload()).status).toBe(401)

          write({ server, tenants: [tenant("acme", 0)] })
          expect((await reload(token)).body.stopped).toContain("bolt/event-stream")
          expect(Object.keys(await reports(running))).toContain("event-stream")
          expect(await measured(running, "bolt", token)).toBe(false)
          expect(running.audit("bolt").at(-1)).toMatchObject({ action: "reload", who: "boss", outcome: "success" })

          await until("all events", () => harm(sims[0]!).undelivered === 0 && harm(sims[0]!).delivered === 2 * events)
          expect([harm(sims[0]!), opened(sims[0]!)]).toEqual([whole, 2])
          expect(sims[0]!.simulator.account().violations).toEqual([])
        },
      ),
    60_000,
  )

  test(
    "stops a stream with other settings as at an end, and starts it again: nothing is lost, and nothing repeated",
    () =>
      withReloading({ sims: [busy], first: (tenant) => ({ tenants: [tenant("acme", 0)] }) }, async (running) => {
        const { sims, tenant, write, hangUp, audit } = running
        await until("events", () => harm(sims[0]!).delivered > 0)
        const other = tenant("acme", 0)
        const plugins = other.plugins as { "event-stream": object }
        plugins["event-stream"] = { ...plugins["event-stream"], batch_events_max: 20 }
        write({ tenants: [other] })
        // A batch that is taken and answered later than the end of a process would wait for.
        settings(running, 0).intake_delay_ms = server.drain_ms_max + 500
        const { batches } = sims[0]!.simulator.account().intake
        await until("a batch in flight", () => sims[0]!.simulator.account().intake.batches > batches)
        hangUp()
        await until("the reload", () => audit("acme").length > 0)
        settings(running, 0).intake_delay_ms = 0
        expect(audit("acme")).toMatchObject([
          { who: "SIGHUP", via: "signal", arguments: { restarted: ["event-stream"] }, outcome: "success" },
        ])
        await until("all events", () => harm(sims[0]!).delivered === 2 * events)
        expect([harm(sims[0]!), opened(sims[0]!)]).toEqual([whole, 4])
      }),
    60_000,
  )

  test(
    "that is not right changes nothing, and says why in its answer, in the log and in the audit log",
    () =>
      withReloading(
        {
          sims: [{ events_per_partition: 20 }, {}],
          first: (tenant, folder) => {
            mkdirSync(`${folder}/data/bolt/idempotency.ndjson`, { recursive: true })
            return { tenants: [tenant("acme", 0), tenant("bolt", 1)] }
          },
        },
        async ({ tenant, write, reload, audit, log, get, folder }) => {
          await until("a line that names the tenant", () => /ERROR .*idempotency\.ndjson .*tenant=bolt/.test(log()))
          const health = Object.keys(JSON.parse((await get("/health")).text).plugins as object)
          writeFileSync(`${folder}/data/carp`, "a file in the place of a folder")
          const without_file = tenant(
            "acme",
            0,
            {},
            { client_secret: undefined, client_secret_file: `${folder}/nowhere` },
          )
          for (const [keys, why] of [
            [{ tenants: [tenant("acme", 0)], guards: { hosts_per_run_max: 0 } }, "guards.hosts_per_run_max"],
            [{ tenants: [without_file] }, "the secret file cannot be used"],
            [{ tenants: [tenant("acme", 0), tenant("carp", 1)] }, "tenants: "],
            [{ tenants: [tenant("acme", 0), tenant("carp", 1)], nonsense: 1 }, "there is no such key"],
            [
              { tenants: [tenant("acme", 0)], server: { tokens: [{ name: "boss", role: "admin", token: "short" }] } },
              "short",
            ],
            [{ ...tenant("acme", 0), id: undefined, tenants_from: "flight-control" }, "tenants_from: can be set"],
          ] as const) {
            write(keys)
            const { status, body } = await reload()
            expect([status, body.type]).toEqual([422, "/problems/configuration-refused"])
            expect(body.detail).toContain(why)
            expect(log()).toContain(why)
          }
          expect(Object.keys(JSON.parse((await get("/health")).text).plugins as object)).toEqual(health)
          expect(audit("bolt").map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => "failed"))

          expect((await reload(tokens.reader)).status).toBe(403)
          expect((await reload(tokens.bound)).body.detail).toContain("is about all tenants")
          expect(audit("acme").slice(6)).toMatchObject([
            { who: "look", outcome: "refused" },
            { who: "bound", outcome: "refused" },
          ])
          expect(audit("bolt").slice(6)).toMatchObject([{ who: "look", outcome: "refused" }])
        },
      ),
    60_000,
  )

  test("waits for the one before it, and for no other; one during the stop ends with the process", async () => {
    let reading = 0
    let most = 0
    let hangs = false
    await withReloading(
      {
        sims: [{ events_per_partition: 20 }],
        first: (tenant) => ({ tenants: [tenant("acme", 0)] }),
        before: (read) =>
          Effect.suspend(() => {
            most = Math.max(most, ++reading)
            return Effect.sleep(hangs ? 600_000 : 5).pipe(
              Effect.andThen(read),
              Effect.ensuring(Effect.sync(() => reading--)),
            )
          }),
      },
      async ({ reload, stop }) => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => reload()))
        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
        expect(most).toBe(1)
        hangs = true
        const asked = [reload(), reload()]
        await until("a reload that is under way", () => reading === 1)
        const [answers_at_end] = await Promise.all([Promise.all(asked), stop()])
        expect(answers_at_end.map(({ status, body }) => [status, body.detail])).toEqual([
          [503, "the process is stopping"],
          [503, "the process is stopping"],
        ])
      },
    )
  }, 60_000)
})
