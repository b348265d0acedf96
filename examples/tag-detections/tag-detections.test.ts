import { assert, test, withPlugin } from "akonis/plugin/testing"
import plugin from "./tag-detections.ts"

const detection = (Hostname: unknown) => ({
  metadata: { eventType: "EppDetectionSummaryEvent" },
  event: { CompositeId: "c:ind:1", Hostname },
})

test("tags a detection on a host that a rule names", () =>
  withPlugin(plugin, {}, async ({ enrich }) => {
    const [tag] = await enrich(detection("DC-01"))
    assert.deepEqual(tag, {
      metadata: { eventType: "DetectionTag" },
      event: { CompositeId: "c:ind:1", Hostname: "DC-01", Tag: "crown-jewel" },
    })
  }))

test("leaves other detections alone", () =>
  withPlugin(plugin, { config: { rules: [{ host: "dc-", tag: "x" }] } }, async ({ enrich }) => {
    assert.deepEqual(await enrich(detection("WKS-7")), [])
    assert.deepEqual(await enrich(detection(null)), [])
  }))
