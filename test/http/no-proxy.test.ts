import { describe, expect, test } from "bun:test"
import { isDirect } from "../../src/core/http/client/no-proxy.ts"

const direct = (url: string, no_proxy?: string) => isDirect(new URL(url), no_proxy)
const API = "https://api.eu-1.crowdstrike.com/x"

describe("NO_PROXY", () => {
  test("is not needed for loopback", () => {
    for (const host of ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "localhost."]) {
      expect(direct(`http://${host}:8080/`)).toBe(true)
    }
    expect(direct("http://localhost.example.com/")).toBe(false)
  })

  test("left out or empty, everything else goes through the proxy", () => {
    for (const list of [undefined, "", " ", ",", ".", ", ,"]) expect(direct(API, list)).toBe(false)
  })

  for (const list of [
    "*",
    "crowdstrike.com",
    ".crowdstrike.com",
    "CrowdStrike.COM",
    "api.eu-1.crowdstrike.com",
    "other.example, crowdstrike.com",
    "other.example crowdstrike.com",
    "crowdstrike.com:443",
    "crowdstrike.com.",
  ]) {
    test(`"${list}" reaches Falcon directly`, () => expect(direct(API, list)).toBe(true))
  }

  for (const list of ["strike.com", "eu-1", "api.eu-1.crowdstrike.com.evil", "crowdstrike.com:8443", "*.com"]) {
    test(`"${list}" does not`, () => expect(direct(API, list)).toBe(false))
  }

  test("knows addresses and ranges", () => {
    expect(direct("http://10.1.2.3/", "10.0.0.0/8")).toBe(true)
    expect(direct("http://11.1.2.3/", "10.0.0.0/8")).toBe(false)
    expect(direct("http://192.168.1.129/", "192.168.1.128/25")).toBe(true)
    expect(direct("http://192.168.1.127/", "192.168.1.128/25")).toBe(false)
    expect(direct("http://10.1.2.3/", "10.1.2.3")).toBe(true)
    expect(direct("http://10.1.2.3:81/", "10.1.2.3:80")).toBe(false)
    expect(direct("http://10.1.2.3/", "0.0.0.0/0")).toBe(true)
    expect(direct("http://10.1.2.3/", "10.0.0.0/99")).toBe(false)
    expect(direct("http://10.1.2.3/", "10.0.0/8")).toBe(false)
    expect(direct("http://[fe80::1]/", "fe80::1")).toBe(true)
    expect(direct("http://[fe80::1]/", "[fe80::1]:80")).toBe(true)
    expect(direct("http://[fe80::1]/", "[fe80::1]:81")).toBe(false)
    expect(direct(API, "10.0.0.0/8")).toBe(false)
  })
})
