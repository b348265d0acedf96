import { describe, expect, test } from "bun:test"
import { sameSite, whySiteDiffers } from "../../src/core/http/client/origin.ts"

const EU = "https://api.eu-1.crowdstrike.com"
const GOV = "https://api.laggar.gcw.crowdstrike.com"

describe("a token may go", () => {
  const allowed: readonly (readonly [string, string])[] = [
    [EU, "https://api.eu-1.crowdstrike.com/x?y=1"],
    [EU, "https://firehose.eu-1.crowdstrike.com/sensors/entities/datafeed/v1/0?appId=a"],
    [EU, "https://API.CrowdStrike.com./x"],
    [EU, "https://firehose.eu-1.crowdstrike.com:8443/"],
    [GOV, "https://firehose.laggar.gcw.crowdstrike.com/"],
    ["https://api.us-gov-2.crowdstrike.mil", "https://firehose.us-gov-2.crowdstrike.mil/"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:9090/feed"],
    ["http://[::1]:8080", "http://[::1]:9090/feed"],
    ["http://localhost:1", "https://localhost:2/"],
    ["http://simulator:8080", "http://simulator:8081/"],
    ["https://api.falcon.example.com", "https://api.falcon.example.com:8443/"],
  ]
  for (const [base, url] of allowed) {
    test(`from ${base} to ${url}`, () => {
      expect(whySiteDiffers(url, base)).toBeUndefined()
      expect(sameSite(url, base)).toBe(true)
    })
  }
})

describe("a token must not go", () => {
  const refused: readonly (readonly [string, string, string])[] = [
    [EU, "http://api.eu-1.crowdstrike.com/", "leaves https"],
    [EU, "https://evil.example/", "evil.example"],
    [EU, "https://api.eu-1.crowdstrike.com.evil.example/", "outside crowdstrike.com"],
    [EU, "https://evilcrowdstrike.com/", "outside crowdstrike.com"],
    [EU, "https://api.eu-1.crowdstrike.com@evil.example/", "credentials"],
    [EU, "https://user:pw@api.eu-1.crowdstrike.com/", "credentials"],
    [EU, "https://api.us-gov-2.crowdstrike.mil/", "outside crowdstrike.com"],
    [GOV, "https://firehose.eu-1.crowdstrike.com/", "outside gcw.crowdstrike.com"],
    [EU, "https://api.laggar.gcw.crowdstrike.com/", "outside crowdstrike.com"],
    [EU, "file:///etc/passwd", "scheme"],
    [EU, "/relative?a=1", "not an absolute URL"],
    [EU, "", "not an absolute URL"],
    ["http://127.0.0.1:8080", "http://127.0.0.2:8080/", "127.0.0.2"],
    ["http://127.0.0.1:8080", "http://x.0.0.1/", "scheme|absolute|outside"],
    ["http://simulator:8080", "http://other:8080/", "other"],
    ["https://falcon.example.co.uk", "https://evil.co.uk/", "outside falcon.example.co.uk"],
    ["https://api.falcon.example.com", "https://stream.falcon.example.com/", "outside api.falcon.example.com"],
    ["nonsense", EU, "base_url"],
  ]
  for (const [base, url, why] of refused) {
    test(`from ${base} to ${url || "nowhere"}`, () => {
      expect(whySiteDiffers(url, base)).toMatch(new RegExp(why))
      expect(sameSite(url, base)).toBe(false)
    })
  }

  test("and the reason does not repeat the query", () => {
    expect(whySiteDiffers("https://evil.example/?token=abc", EU)).not.toContain("abc")
  })
})
