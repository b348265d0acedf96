import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"
import { parseFql } from "./fql.ts"

const now = Date.UTC(2026, 10, 26, 12)

const host = {
  hostname: "PC-WEB-01",
  platform_name: "Windows",
  os_version: "Windows Server 2022",
  last_seen: "2026-11-25T12:00:00Z",
  severity: 70,
  expired: true,
  path: "C:\\a*b's",
  tags: ["true_positive", "FalconGroupingTags/web"],
  groups: [],
  ou: null,
  device: { hostname: "inner" },
  comments: [{ value: "first" }, { value: "second" }],
}

/** What the filter says about `host`. */
const cases: readonly (readonly [filter: string, found: boolean, where: string])[] = [
  ["hostname:'PC-WEB-01'", true, "falconpy"],
  ['hostname:"PC-WEB-01"', true, "Sekoia's module"],
  ["hostname:'pc-web-01'", true, "falconpy, whose example asks for 'windows'"],
  ["hostname:'PC'", false, "falconpy"],
  ["hostname:'PC*'", true, "falcon-mcp"],
  ["hostname:'*-01'", true, "falcon-mcp"],
  ["hostname:*'*web*'", true, "PSFalcon"],
  ["hostname:*'WEB'", true, "PSFalcon: part of a text"],
  ["hostname:!*'*web*'", false, "PSFalcon"],
  ["hostname:*", true, "falcon-mcp"],
  ["ou:*", false, "falcon-mcp"],
  ["ou:!*", true, "falcon-mcp"],
  ["hostname:!'PC-WEB-02'", true, "falconpy"],
  ["hostname:['PC-WEB-02','PC-WEB-01']", true, "PSFalcon"],
  ["hostname:!['PC-WEB-02','PC-WEB-01']", false, "PSFalcon"],
  ["os_version:~'server windows'", true, "falconpy: words, in any case and order"],
  ["os_version:~'serv'", false, "falconpy"],
  ["os_version:~'serv*'", true, "PSFalcon"],
  ["os_version:!~'linux'", true, "falconpy"],
  ["ou:null", true, "PSFalcon"],
  ["groups:null", true, "a list without entries is missing"],
  ["hostname:!null", true, "PSFalcon"],
  ["nothing:''", true, "falcon-mcp"],
  ["hostname:!''", true, "falcon-mcp"],
  ["severity:>=70", true, "falcon-mcp"],
  ["severity:>70", false, "falcon-mcp"],
  ["severity:>'9'", true, "numbers have their own order"],
  ["expired:true", true, "Sekoia's module"],
  ["expired:false", false, "Sekoia's module"],
  ["expired:'true'", true, "falconpy"],
  ["last_seen:>'2026-11-25'", true, "PSFalcon"],
  ["last_seen:<='2026-11-25T12:00:00Z'", true, "falcon-mcp"],
  ["last_seen:>'now-1d'", false, "falcon-mcp"],
  ["last_seen:>='now-1d'", true, "falcon-mcp"],
  ["last_seen:>now-7d", true, "falcon-mcp"],
  ["last_seen:<now-90m", true, "falcon-mcp"],
  ["ou:>'2020-01-01'", false, "what is missing is in no order"],
  ["tags:'true_positive'", true, "falcon-mcp"],
  ["tags:!'true_positive'", false, "falcon-mcp"],
  ["device.hostname:'inner'", true, "falcon-mcp"],
  ["comments.value:'second'", true, "falcon-mcp"],
  ["hostname.raw:*'PC-*'", true, "falcon-mcp"],
  ["Hostname:'PC-WEB-01'", true, "falconpy: properties are turned to lower case"],
  ["path:'C:\\\\a\\*b\\'s'", true, "a backslash makes plain"],
  ["hostname:'PC\\*'", false, "a backslash makes plain"],
  ["platform_name:'Linux',hostname:'PC*'", true, "falconpy: or"],
  ["platform_name:'Linux'+hostname:'PC*'", false, "falconpy: and"],
  ["platform_name:'Linux'+severity:1,expired:true", true, "and binds more"],
  ["platform_name:'Linux'+(severity:1,expired:true)", false, "brackets bind most"],
  ["( platform_name:'Mac' , platform_name:'Windows' ) + expired:true", true, "blanks between terms"],
]

describe("FQL", () => {
  test.each(cases)("%s is %p (%s)", (filter, found) => {
    expect(parseFql(filter, now)?.matches(host)).toBe(found)
  })

  test.each([
    "",
    "hostname",
    "hostname:",
    "hostname:PC-WEB-01",
    "hostname='PC'",
    "hostname:'PC",
    "hostname:'a'b'",
    "hostname:'PC'+",
    "hostname:'PC',",
    "hostname:'PC' y",
    "(hostname:'PC'",
    "hostname:['PC'",
    "hostname:[]",
    "hostname:!>'PC'",
    "hostname:>null",
    "hostname:>['a','b']",
    "last_seen:>now-7",
    "hostname:'a'+'b'",
    Array.from({ length: 21 }, (_, index) => `p${index}:1`).join(","),
  ])("refuses %s", (filter) => {
    expect(parseFql(filter, now)).toBeUndefined()
  })
})

test("whatever stands in a filter, it is read or refused, and never breaks the parser", () => {
  const pieces = [
    "'",
    '"',
    "\\",
    "+",
    ",",
    "*",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "~",
    ">",
    "null",
    "now-7d",
    "hostname",
    "1",
  ]
  const filter = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 16 })
  fc.assert(
    fc.property(filter, (parts) => {
      const read = parseFql(parts.join(""), now)
      expect(["undefined", "boolean"]).toContain(typeof read?.matches(host))
    }),
    { numRuns: 2_000 },
  )
})

describe("a filter on a route", () => {
  const routes = [
    "/devices/queries/devices/v1",
    "/devices/queries/devices-scroll/v1",
    "/devices/combined/devices/v1",
    "/devices/combined/host-groups/v1",
    "/alerts/queries/alerts/v2",
    "/iocs/queries/indicators/v1",
    "/iocs/combined/indicator/v1",
    "/user-management/queries/users/v1",
  ]

  const ask = async (path: string, filter: string) => {
    const client = new SdkClient("http://sim.test", makeSimulator({ templates: 8 }, new VirtualClock()).fetch)
    const response = await client.request(`${path}?filter=${encodeURIComponent(filter)}`, {
      headers: await client.bearer(),
    })
    return { status: response.status, body: await response.json() }
  }

  test.each(routes)("that %s cannot read is refused with 400, never answered with nothing", async (path) => {
    expect(await ask(path, "name='x'")).toMatchObject({ status: 400, body: { errors: [{ code: 400 }] } })
    expect(await ask(path, "no_such_property:'x'")).toMatchObject({
      status: 400,
      body: { errors: [{ message: expect.stringContaining("'no_such_property' is an unknown property") }] },
    })
  })

  test.each([
    ["/devices/queries/devices/v1", "platform_name:'Windows'+last_seen:>'now-7d'"],
    ["/devices/combined/host-groups/v1", "name:'Servers'"],
    ["/alerts/queries/alerts/v2", "(status:'new',status:'reopened')+device.platform_name:['Windows','Mac']"],
    ["/user-management/queries/users/v1", "status:'active'"],
  ])("of %s is obeyed: %s", async (path, filter) => {
    const all = await ask(path, "")
    const some = await ask(path, filter)
    expect(some.body.resources.length).toBeGreaterThan(0)
    expect(some.body.meta.pagination.total).toBeLessThan(all.body.meta.pagination.total)
  })
})
