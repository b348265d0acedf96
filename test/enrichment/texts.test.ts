import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { detectionRef } from "../../src/plugins/enrichment/detection-ref.ts"
import {
  prefixOf,
  processesOfAlert,
  processesOfDetection,
  vertexTypeOf,
} from "../../src/plugins/enrichment/graph-ids.ts"
import { rawResources } from "../../src/plugins/enrichment/raw-items.ts"

describe("a graph id", () => {
  test("is known by what stands before its first colon, however many follow", () => {
    expect(vertexTypeOf("pid:aid:1")).toBe("processes")
    expect(vertexTypeOf("dns:aid:host.example:8443:x:y")).toBe("domains")
    expect(vertexTypeOf("aid:aid")).toBe("devices")
    expect(vertexTypeOf("ip4:aid:203.0.113.7")).toBeUndefined()
    for (const none of ["", ":", "pid", ":pid:1", "PID:a:1", "toString:a:1", "__proto__:a:1"]) {
      expect([none, vertexTypeOf(none)]).toEqual([none, undefined])
    }
  })

  test("never throws, whatever it holds", () => {
    const id = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(fc.string()).map((parts) => parts.join(":")),
    )
    fc.assert(
      fc.property(id, (text) => {
        const prefix = prefixOf(text)
        if (prefix !== undefined) expect(text.startsWith(`${prefix}:`)).toBe(true)
        vertexTypeOf(text)
      }),
    )
  })

  test("is found wherever an alert or a detection has one, whatever else it holds, and each once", () => {
    const half = { triggering_process_graph_id: "pid:a:1", parent_details: null }
    expect(processesOfAlert(half)).toEqual(["pid:a:1"])
    expect(processesOfAlert({ parent_details: { process_graph_id: "pid:a:2" } })).toEqual(["pid:a:2"])
    expect(processesOfAlert({ ...half, parent_details: { process_graph_id: "pid:a:1" } })).toEqual(["pid:a:1"])
    expect(
      processesOfDetection({
        behaviors: [half, null, { parent_details: { parent_process_graph_id: "pid:a:3" } }, half],
      }),
    ).toEqual(["pid:a:1", "pid:a:3"])
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (one, other) => {
        for (const value of [one, { triggering_process_graph_id: one, parent_details: other }, { behaviors: one }]) {
          for (const id of [...processesOfAlert(value), ...processesOfDetection(value)])
            expect(typeof id).toBe("string")
          detectionRef({ metadata: { eventType: "EppDetectionSummaryEvent" }, event: value })
          detectionRef(value)
        }
      }),
    )
  })
})

describe("the entries of an answer", () => {
  test("are cut out as they were written", () => {
    const big = '{"id":"a","n":18446744073709551615,"f":1.0,"e":1E5,"s":"\\u00e9 ]},\\"[{ \\\\"}'
    expect(rawResources(`{"resources":[${big},{ }, [1] ,"x",null,2.50]}`)).toEqual([
      big,
      "{ }",
      "[1]",
      '"x"',
      "null",
      "2.50",
    ])
    expect(rawResources('{"errors":["resources",{"resources":[1]}],"resources":[]}')).toEqual([])
    expect(rawResources('{"a":"\\\\","resou\\u0072ces":[1],"b":{}}')).toEqual(["1"])
    expect(rawResources('{"resources":[1],"resources":[2,3]}')).toEqual(["2", "3"])
    expect(rawResources('{"resources":null}')).toEqual([])
    expect(rawResources("{}")).toEqual([])
    expect(rawResources("  ")).toEqual([])
  })

  test("are one line each, however the answer is laid out", () => {
    expect(rawResources('{\r\n\t"resources": [\n{\n"a":\t[1,\n2]\n}\n]\n}')).toEqual(['{"a":[1,2]}'])
  })

  test("are those that JSON.parse sees, for any entries and any layout", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 1, 4, "\t"),
        (resources, others, space) => {
          const text = JSON.stringify({ ...others, resources, after: others }, null, space)
          const items = rawResources(text)
          expect(items.map((item) => JSON.parse(item))).toEqual(JSON.parse(text).resources)
          for (const item of items) expect(item).not.toMatch(/[\n\r\t]/)
          if (space === undefined) expect(items).toEqual(resources.map((one) => JSON.stringify(one)))
        },
      ),
    )
  })
})
