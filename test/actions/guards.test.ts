import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { world } from "../../simulator/events/world.ts"
import { type App, withApp } from "./app.ts"
import { withServed } from "./served.ts"
import { faultOn, madeUpIds } from "./support.ts"

const hostsOf = async (app: App) => Object.values((await app.api()).hosts)
const idsOf = async (app: App, count: number) => (await hostsOf(app)).slice(0, count).map(({ agent_id }) => agent_id)
const refusal = (detail: string) => ({
  status: 403,
  body: { type: "/problems/guarded", detail: expect.stringContaining(detail) },
})
const tag = "FalconGroupingTags/crown-jewel"
const protecting = (more: object) => ({ guards: { protected: { ...more } } })

describe("most hosts of a run", () => {
  test("refuse a larger one before anything is sent, on record, and say so in its dry run", () =>
    withApp(
      {},
      async (app) => {
        const ids = await idsOf(app, 3)
        const said = await app.act("isolate_endpoints", { ids })
        expect(said).toMatchObject(refusal("hosts_per_run_max: 3 hosts, and one run may change 2"))
        expect(await app.calls()).toEqual([])
        expect(app.audit()).toMatchObject([{ outcome: "refused", action: "isolate_endpoints", ids }])
        const dry = await app.act("isolate_endpoints", { ids }, "?dry_run=true")
        expect(dry.body.warnings).toEqual([expect.stringContaining("would be refused: guards.hosts_per_run_max")])
        expect(await app.act("isolate_endpoints", { ids: [ids[0], ids[0]!.toUpperCase(), ids[1]] })).toMatchObject({
          status: 200,
        })
        expect(await app.act("get_device_details", { ids })).toMatchObject({ status: 200 })
      },
      { guards: { hosts_per_run_max: 2 } },
    ))

  test.each([
    ["deisolate_endpoints", {}],
    ["perform_host_action", { action_name: "hide_host" }],
    ["lift_filesystem_containment", {}],
    ["tag_hosts", { tags: [tag] }],
    ["untag_hosts", { tags: [tag] }],
  ])("bind %s as well", (slug, more) =>
    withApp(
      {},
      async (app) => {
        const said = await app.act(slug, { ids: await idsOf(app, 2), ...more })
        expect(said).toMatchObject(refusal("hosts_per_run_max"))
      },
      { guards: { hosts_per_run_max: 1 } },
    ),
  )
})

describe("most hosts of an hour", () => {
  test("are never exceeded by requests, whatever they do, in any order and at once", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            hosts: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
            action: fc.constantFrom("isolate_endpoints", "tag_hosts", "perform_host_action"),
          }),
          { maxLength: 12 },
        ),
        (runs) =>
          withApp(
            { hosts: 10 },
            async (app) => {
              const ids = await idsOf(app, 10)
              const said = await Promise.all(
                runs.map(({ hosts, action }) =>
                  app.act(action, {
                    ids: hosts.map((at) => ids[at]),
                    ...(action === "tag_hosts" && { tags: [tag] }),
                    ...(action === "perform_host_action" && { action_name: "hide_host" }),
                  }),
                ),
              )
              expect(said.every(({ status }) => status === 200 || status === 403)).toBe(true)
              const changed = (await hostsOf(app)).filter(
                (host) => host.contained || host.hidden || host.tags.length > 0,
              )
              expect(changed.length).toBeLessThanOrEqual(4)
            },
            { guards: { hosts_per_hour_max: 4 } },
          ),
      ),
      { numRuns: 12, seed: 7 },
    ))

  test("hold through a restart", () =>
    withServed({ guards: { hosts_per_hour_max: 2 } }, async ({ act, restart, ask, auditLines }) => {
      const listed = await act("query_devices_by_filter", { limit: 3 })
      const ids = "resources" in listed.body.results ? (listed.body.results.resources as string[]) : []
      expect((await act("isolate_endpoints", { ids: ids.slice(0, 2) })).status).toBe(200)
      await restart()
      expect(await act("isolate_endpoints", { ids: ids.slice(2) })).toMatchObject(
        refusal("1 hosts beside the 2 of the last hour, and 2 may be changed in one"),
      )
      expect((await act("deisolate_endpoints", { ids: ids.slice(0, 1) })).status).toBe(200)
      expect(auditLines().map(({ outcome }) => outcome)).toEqual(["success", "refused", "success"])
      expect((await ask("/health")).status).toBe(200)
    }))

  test("let an answer be replayed under its key, and let a refused key be used again", () =>
    withServed({ guards: { hosts_per_hour_max: 1 } }, async ({ act }) => {
      const listed = await act("query_devices_by_filter", { limit: 2 })
      const [one, other] = "resources" in listed.body.results ? (listed.body.results.resources as string[]) : []
      const headers = { "idempotency-key": "k1" }
      const first = await act("isolate_endpoints", { ids: [one] }, { headers })
      const again = await act("isolate_endpoints", { ids: [one] }, { headers })
      expect([first.status, again.text]).toEqual([200, first.text])
      for (let tries = 0; tries < 2; tries++) {
        const refused = await act("isolate_endpoints", { ids: [other] }, { headers: { "idempotency-key": "k2" } })
        expect([refused.status, refused.headers.get("idempotency-replayed")]).toEqual([403, null])
      }
    }))
})

describe("a protected host", () => {
  const [first] = world.hosts as [(typeof world.hosts)[0]]

  test.each([
    ["its tag", { tags: [tag.toUpperCase()] }, "it has the tag"],
    ["its name", { hostnames: [first.hostname.toLowerCase()] }, "its name is"],
    ["a filter", { filter: `hostname:'${first.hostname}',hostname:'nobody'` }, "guards.protected.filter finds it"],
  ])("by %s refuses the whole run, and names it", (_, guard, why) =>
    withApp(
      {},
      async (app) => {
        const ids = await idsOf(app, 2)
        if ("tags" in guard) await app.act("tag_hosts", { ids: [first.agent_id], tags: [tag] })
        expect(await app.act("isolate_endpoints", { ids })).toMatchObject(refusal(`${first.agent_id}: ${why}`))
        expect((await hostsOf(app)).some(({ contained }) => contained)).toBe(false)
        expect(await app.act("isolate_endpoints", { ids: ids.slice(1) })).toMatchObject({ status: 200 })
        // What protects it cannot be taken away from it.
        expect(await app.act("untag_hosts", { ids: [first.agent_id], tags: [tag] })).toMatchObject({ status: 403 })
      },
      protecting(guard),
    ),
  )

  test("that cannot be looked for stops the run: nothing is changed", () =>
    withApp(
      { api_scopes: ["Hosts: Write"] },
      async (app) => {
        const said = await app.act("isolate_endpoints", { ids: await idsOf(app, 1) })
        expect(said).toMatchObject({ status: 502, body: { required_scopes: ["Hosts: Read"] } })
        expect(said.body.detail).toContain("nothing was done")
        expect((await hostsOf(app)).some(({ contained }) => contained)).toBe(false)
      },
      protecting({ tags: [tag] }),
    ))

  const shown = (fields: object) => JSON.stringify({ resources: [{ device_id: first.agent_id, ...fields }] })
  const any_filter = { filter: `hostname:'${first.hostname}'` }
  const nothing = [
    "",
    '{"resources":null,"errors":[]}',
    '{"meta":{}}',
    '{"resources":[],"errors":[{"code":500,"message":"x"}]}',
  ]

  test.each([
    ...nothing.map((body) => ["/devices/queries/devices/v1", any_filter, 200, body] as const),
    ...nothing.map((body) => ["/devices/entities/devices/v2", { tags: [tag] }, 200, body] as const),
    ["/devices/entities/devices/v2", { tags: [tag] }, 200, '{"resources":[],"errors":[]}'],
    ["/devices/entities/devices/v2", { tags: [tag] }, 404, "<html>no such page</html>"],
    ["/devices/entities/devices/v2", { tags: [tag] }, 404, '{"errors":[{"code":404,"message":"404: Page Not Found"}]}'],
    ["/devices/entities/devices/v2", { tags: [tag] }, 200, '{"resources":[],"errors":[{"code":404,"message":"no"}]}'],
    ["/devices/entities/devices/v2", { tags: [tag] }, 200, shown({ hostname: "x", tags: tag })],
    ["/devices/entities/devices/v2", { hostnames: ["DC-01"] }, 200, shown({ tags: [] })],
    ["/devices/queries/devices/v1", any_filter, 200, '{"resources":[],"meta":{"pagination":{"total":1}}}'],
    ["/devices/queries/devices/v1", any_filter, 200, JSON.stringify({ resources: madeUpIds(100) })],
  ] as const)("is no host that nothing was said about: %s %j %d %s", (path, guard, status, body) =>
    withApp(
      { faults: [faultOn(path, { status, body }, { count: 20 })] },
      async (app) => {
        const said = await app.act("isolate_endpoints", { ids: [first.agent_id] })
        expect(said.body.detail).toContain("nothing was done")
        expect((await hostsOf(app)).some(({ contained }) => contained)).toBe(false)
      },
      protecting(guard),
    ),
  )

  describe("that comes back without its tags", () => {
    const without_tags = (...more: readonly ReturnType<typeof faultOn>[]) => ({
      faults: [
        faultOn("/devices/entities/devices/v2", { status: 200, body: shown({ hostname: "x" }) }, { count: 20 }),
        ...more,
      ],
    })
    const isolate = (app: App) => app.act("isolate_endpoints", { ids: [first.agent_id] })
    const others = "FalconGroupingTags/it's \\ another"

    test("is found by asking which hosts have the tag: an answer may leave a list out, empty or not", () =>
      withApp(
        without_tags(),
        async (app) => {
          expect(await isolate(app)).toMatchObject({ status: 200 })
          await app.act("tag_hosts", { ids: [first.agent_id], tags: [tag] })
          expect(await isolate(app)).toMatchObject(refusal(`${first.agent_id}: guards.protected.tags finds it`))
        },
        protecting({ tags: [others, tag] }),
      ))

    test("and is found neither with the tag nor without it, as a hidden one is not, is not changed", () => {
      const nobody = { status: 200, body: '{"resources":[],"meta":{"pagination":{"total":0}}}' }
      return withApp(
        without_tags(faultOn("/devices/queries/devices/v1", nobody, { count: 2 })),
        async (app) => {
          const said = await isolate(app)
          expect(said.body.detail).toContain("Falcon does not show the tags")
          expect((await hostsOf(app)).some(({ contained }) => contained)).toBe(false)
        },
        protecting({ tags: [tag] }),
      )
    })
  })

  test("is found although Falcon left it out of its first answer", () =>
    withApp(
      { faults: [faultOn("/devices/entities/devices/v2", { status: 200, body: '{"resources":[],"errors":[]}' })] },
      async (app) => {
        const said = await app.act("isolate_endpoints", { ids: [first.agent_id] })
        expect(said).toMatchObject(refusal("its name is"))
      },
      protecting({ hostnames: [first.hostname] }),
    ))

  test("is not an id that Falcon does not know: the action itself says that", () =>
    withApp(
      {},
      async (app) => {
        expect(await app.act("isolate_endpoints", { ids: madeUpIds(1) })).toMatchObject({ status: 404 })
      },
      protecting({ tags: [tag], filter: "hostname:'x'" }),
    ))

  test("is told of in a dry run, with the lookups, and nothing is sent", () =>
    withApp(
      {},
      async (app) => {
        const ids = await idsOf(app, 1)
        const { body } = await app.act("isolate_endpoints", { ids }, "?dry_run=true")
        const requests = "requests" in body.results ? body.results.requests : []
        expect(requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
          "POST /devices/entities/devices/v2",
          "GET /devices/queries/devices/v1",
          "POST /devices/entities/devices-actions/v2",
        ])
        expect(body.warnings).toEqual([expect.stringContaining("protected")])
        expect(await app.calls()).toEqual([])
      },
      protecting({ filter: "hostname:'x'" }),
    ))
})
