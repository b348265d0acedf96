/** Golden pairs: `fixtures/<kind>/<name>.json` is an entity, `<name>.expected.json` what becomes of it. */
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import fc from "fast-check"
import type { Mapped } from "../../src/core/assets/source.ts"
import { mapDevice } from "../../src/plugins/device-assets/map.ts"
import { mapConsoleUser } from "../../src/plugins/user-assets/console-user.ts"
import { mapIdentity } from "../../src/plugins/user-assets/identity.ts"
import { placesIn, withNull } from "../support/nulls.ts"
import { problemsOf } from "./ocsf-facts.ts"

const now_ms = Date.UTC(2026, 0, 15)
const groups = new Map([
  ["1f3870be274f6c49b3e31a0c6728957f", { name: "Laptops", desc: "All laptops" }],
  ["e2fc714c4727ee9395f324cd2e7f331f", { name: "VIP 役員", desc: undefined }],
])

const mappings: Readonly<Record<string, (entity: unknown, now_ms: number) => Mapped>> = {
  devices: (entity, now) => mapDevice(entity, groups, now),
  "console-users": mapConsoleUser,
  identities: mapIdentity,
}

const folder = new URL("../../fixtures", import.meta.url).pathname
const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as unknown

/** What a golden file holds: the item, or why there is none. */
const shown = (mapped: Mapped) => (mapped.kind === "asset" ? mapped.item : { skipped: mapped.reason })

/** `UPDATE_GOLDEN=1 bun test test/assets/mapping.test.ts` writes them anew, for a person to read. */
const update = Bun.env.UPDATE_GOLDEN === "1"

for (const [kind, map] of Object.entries(mappings)) {
  const entities = readdirSync(`${folder}/${kind}`)
    .filter((name) => !name.endsWith(".expected.json"))
    .map((name) => name.replace(/\.json$/, ""))
    .sort()

  describe(`an entity of ${kind}`, () => {
    test.each(entities)("%s becomes the item beside it", (name) => {
      const found = shown(map(read(`${folder}/${kind}/${name}.json`), now_ms))
      const golden = `${folder}/${kind}/${name}.expected.json`
      if (update) writeFileSync(golden, `${JSON.stringify(found, null, 2)}\n`)
      expect(found).toEqual(read(golden) as ReturnType<typeof shown>)
    })

    test.each(entities)("%s becomes an event that OCSF 1.6 knows", (name) => {
      const mapped = map(read(`${folder}/${kind}/${name}.json`), now_ms)
      if (mapped.kind === "asset") expect(problemsOf(mapped.item)).toEqual([])
      else expect(name).toMatch(/^without-(id|hostname)$/)
    })

    const fields = [
      ...new Set(entities.flatMap((name) => Object.keys(read(`${folder}/${kind}/${name}.json`) as object))),
    ]
    const leaf = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(null, "", " ", "None", "2026-01-01T00:00:00Z", -1, [null], {}),
    )
    const shapes = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...fields, "__proto__", "constructor"), leaf),
      fc.constantFrom(...entities).chain((name) => {
        const entity = read(`${folder}/${kind}/${name}.json`) as object
        return fc.dictionary(fc.constantFrom(...fields), leaf).map((changes) => ({ ...entity, ...changes }))
      }),
    )

    test("of any shape is mapped to a valid event or skipped with a reason, and never throws", () => {
      fc.assert(
        fc.property(shapes, (entity) => {
          const mapped = map(entity, now_ms)
          if (mapped.kind === "skipped") return expect(mapped.reason).not.toBe("")
          expect(problemsOf(mapped.item)).toEqual([])
          expect(JSON.stringify(mapped.item)).not.toMatch(/:null|undefined|NaN/)
        }),
        { numRuns: 2_000 },
      )
    })

    test.each(entities)("%s with a null anywhere is mapped to a valid event or skipped with a reason", (name) => {
      const entity = read(`${folder}/${kind}/${name}.json`)
      for (const place of placesIn(entity)) {
        const mapped = map(withNull(entity, place), now_ms)
        if (mapped.kind === "skipped") expect(mapped.reason).not.toBe("")
        else expect(problemsOf(mapped.item)).toEqual([])
      }
    })

    test("that was only seen again, on the same day, does not count as changed", () => {
      const name = { devices: "windows-workstation", "console-users": "full", identities: "administrator" }[kind]!
      const entity = read(`${folder}/${kind}/${name}.json`) as object
      const again = { ...entity, last_seen: "2026-01-13T23:59:59Z", modified_timestamp: "2026-01-13T23:59:59Z" }
      const [one, other] = [map(entity, now_ms), map(again, now_ms + 60_000)]
      expect(one.kind === "asset" && other.kind === "asset" && Bun.deepEquals(one.content, other.content)).toBe(true)
    })
  })
}

describe("a host", () => {
  const host = { device_id: "a", hostname: "h", last_seen: "2026-01-13T10:00:00Z", os_version: "Windows 10" }
  const contentOf = (entity: object) => {
    const mapped = mapDevice(entity, groups, now_ms)
    return mapped.kind === "asset" ? JSON.stringify(mapped.content) : ""
  }

  test.each([
    ["another version", { os_version: "Windows 11" }],
    ["another address", { local_ip: "10.0.0.9" }],
    ["containment", { status: "contained" }],
    ["another day", { last_seen: "2026-01-14T00:00:01Z" }],
    ["a group", { groups: ["1f3870be274f6c49b3e31a0c6728957f"] }],
  ])("with %s counts as changed", (_, changes) => {
    expect(contentOf({ ...host, ...changes })).not.toBe(contentOf(host))
  })

  test.each([
    ["VMware, Inc.", "VMware7,1", "", "VMware"],
    ["innotek GmbH", "VirtualBox", "", "VirtualBox"],
    ["Parallels International GmbH.", "Parallels ARM Virtual Machine", "", "Parallels"],
    ["Nutanix", "AHV", "", "AHV"],
    ["Xen", "HVM domU", "Xen", "Xen"],
    ["Amazon EC2", "m5.large", "Amazon EC2", "KVM"],
    ["Amazon EC2", "m5.metal", "Amazon EC2", undefined],
    ["Google", "Google Compute Engine", "Google", "KVM"],
    ["QEMU", "Standard PC (Q35 + ICH9, 2009)", "SeaBIOS", "KVM"],
    ["Microsoft Corporation", "Virtual Machine", "", "Hyper-V"],
    ["Microsoft Corporation", "Surface Pro 9", "", undefined],
    ["Dell Inc.", "PowerEdge R650", "Dell Inc.", undefined],
  ])("made by %s as %s runs on %p %p", (system_manufacturer, system_product_name, bios_manufacturer, expected) => {
    const mapped = mapDevice({ ...host, system_manufacturer, system_product_name, bios_manufacturer }, groups, now_ms)
    const item = mapped.kind === "asset" ? mapped.item : {}
    expect((item.device as { hypervisor?: string }).hypervisor).toBe(expected as string)
  })
})

/** The subject of the item, and its enrichments. */
const itemOf = (mapped: Mapped): Readonly<Record<string, unknown>> => {
  const item = mapped.kind === "asset" ? (mapped.item as Readonly<Record<string, object>>) : {}
  return { ...item.device, ...item.user, enrichments: item.enrichments, time: item.time }
}

describe("what Falcon does not say is left out, never made up:", () => {
  const device = (more: object) => itemOf(mapDevice({ device_id: "a", hostname: "h", ...more }, groups, now_ms))
  const healthy = { status: "normal", reduced_functionality_mode: "no", filesystem_containment_status: "normal" }

  test.each([
    ["all three conditions good", healthy, true],
    ["no word on the file system", { ...healthy, filesystem_containment_status: undefined }, undefined],
    ["no word on the functionality", { ...healthy, reduced_functionality_mode: "" }, undefined],
    ["an unknown functionality", { ...healthy, reduced_functionality_mode: "Unknown" }, undefined],
    ["reduced functionality", { ...healthy, reduced_functionality_mode: "yes" }, false],
    ["containment, and no word on the rest", { status: "contained" }, false],
    ["containment under way", { ...healthy, status: "containment_pending" }, false],
    ["no word at all", {}, undefined],
  ])("a host with %s", (_, more, expected) => expect(device(more).is_compliant).toBe(expected as boolean))

  test.each([
    [undefined, undefined],
    [{ prevention: { applied: true } }, undefined],
    [{ firewall: null }, undefined],
    [{ firewall: { applied: "yes" } }, undefined],
    [{ firewall: { applied: false } }, "Disabled"],
    [{ firewall: { applied: true } }, "Enabled"],
  ])("the firewall of a host with the policies %j", (device_policies, expected) => {
    const [enrichment] = (device({ device_policies }).enrichments ?? []) as { data: { Firewall_status: string } }[]
    expect(enrichment?.data.Firewall_status).toBe(expected as string)
  })

  const user = (more: object) => itemOf(mapConsoleUser({ uuid: "u", ...more }, now_ms))
  const login = (more: object) => (user(more).enrichments as { data: object }[])[0]!.data

  test("whether a console user has a second factor", () => {
    expect([undefined, null, [], ["totp"]].map((factors) => user({ factors }).has_mfa)).toEqual([
      undefined,
      undefined,
      false,
      true,
    ] as unknown[])
  })

  test("the last login of a user who never logged in, which Falcon gives as the year 1", () => {
    expect(login({ last_login_at: "0001-01-01T00:00:00Z" })).toEqual({})
    expect(login({ last_login_at: "2026-01-02T03:04:05Z" })).toEqual({ last_logon: "2026-01-02T03:04:05Z" })
  })

  test("whether a user with a status of another word is enabled", () => {
    expect(["active", "inactive", "pending"].map((status) => login({ status }))).toEqual([
      { is_enabled: true },
      { is_enabled: false },
      {},
    ])
  })

  test("whether an identity without a list of roles is an administrator", () => {
    const type = (roles: unknown) => itemOf(mapIdentity({ entityId: "e", roles }, now_ms)).type
    expect([undefined, null, [], [{ type: "DomainAdminsRole" }]].map(type)).toEqual([
      undefined,
      undefined,
      "User",
      "Admin",
    ] as unknown[])
  })

  test.each(["0001-01-01T00:00:00Z", "0001-01-01 00:00:00", "", null, "never"])("a time that is none: %j", (none) => {
    const { last_seen_time, first_seen_time, boot_time, time } = device({
      ...{ last_seen: none, first_seen: none, last_reboot: none, modified_timestamp: none },
    })
    expect({ last_seen_time, first_seen_time, boot_time }).toEqual({} as never)
    expect(time).toBe(now_ms / 1_000)
  })
})

test.each([
  "2026-01-13T10:00:00",
  "2026-01-13 10:00:00",
  "2026-01-13T10:00:00.000000",
  "2026-01-13T10:00",
  "2026-01-13 12:00:00 +0200",
  "2026-01-13 10:00:00 UTC",
])("a time that names no zone is UTC, and one that names a zone is of that: %s", (last_seen) => {
  const mapped = mapDevice({ device_id: "a", hostname: "h", last_seen }, groups, now_ms)
  expect(itemOf(mapped).last_seen_time).toBe(Date.UTC(2026, 0, 13, 10) / 1_000)
})

test("a name that holds half a character is sent whole, so that one odd host stops no other", () => {
  const mapped = mapDevice({ device_id: "a\ud800", hostname: "h\udc00" }, groups, now_ms)
  expect(mapped).toMatchObject({ id: "a\ufffd" })
  expect(itemOf(mapped).hostname).toBe("h\ufffd")
})
