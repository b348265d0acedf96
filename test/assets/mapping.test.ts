/** Golden pairs: `fixtures/<kind>/<name>.json` is an entity, `<name>.expected.json` what becomes of it. */
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import fc from "fast-check"
import type { Mapped } from "../../src/core/assets/source.ts"
import { mapDevice } from "../../src/plugins/device-assets/map.ts"
import { mapConsoleUser } from "../../src/plugins/user-assets/console-user.ts"
import { mapIdentity } from "../../src/plugins/user-assets/identity.ts"
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
