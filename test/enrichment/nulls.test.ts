/** An alert or an old detection with `null` in one place names the processes that the other places name. */
import { expect, test } from "bun:test"
import { detectionRef } from "../../src/plugins/enrichment/detection-ref.ts"
import { processesOfAlert, processesOfDetection } from "../../src/plugins/enrichment/graph-ids.ts"
import { placesIn, withNull } from "../support/nulls.ts"

const one = {
  triggering_process_graph_id: "pid:a:1",
  parent_details: { process_graph_id: "pid:a:2", user: { name: "x" } },
}
const old = { triggering_process_graph_id: "pid:a:1", parent_details: { parent_process_graph_id: "pid:a:2" } }
const event = {
  metadata: { eventType: "EppDetectionSummaryEvent", offset: 1 },
  event: { CompositeId: "c:ind:a:1-2-3", SeverityName: "High", Severity: 70, MitreAttack: [{ Tactic: "x" }] },
}

test.each([
  ["an alert", processesOfAlert, one],
  ["a detection of the old kind", processesOfDetection, { behaviors: [old], device: { device_id: "a" } }],
] as const)("a null anywhere in %s costs no more than what stood there", (_, processesOf, whole) => {
  expect(processesOf(whole)).toEqual(["pid:a:1", "pid:a:2"])
  for (const place of [[], ...placesIn(whole)]) {
    const named = processesOf(withNull(whole, place))
    const left = ["pid:a:1", "pid:a:2"].filter((id) => JSON.stringify(withNull(whole, place)).includes(id))
    expect([place, named]).toEqual([place, left])
  }
})

test("a null anywhere in a detection's event leaves its id, or makes it none that is looked up", () => {
  const needed = ["", "metadata", "metadata.eventType", "event", "event.CompositeId"]
  for (const place of [[], ...placesIn(event)]) {
    const text = detectionRef(withNull(event, place))
    expect([place, text === undefined]).toEqual([place, needed.includes(place.join("."))])
  }
})
