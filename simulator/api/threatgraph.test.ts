import { describe, expect, test } from "bun:test"
import type { SimulatorOptions } from "../options.ts"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"
import { edge_types } from "./threatgraph-facts.ts"

interface Body {
  readonly meta: { readonly pagination?: Readonly<Record<string, unknown>> }
  readonly errors: readonly { readonly code: number; readonly id?: string }[]
  readonly resources: readonly Readonly<Record<string, unknown>>[]
}

const detects = "/detects/entities/summaries/GET/v1"
const alerts = "/alerts/entities/alerts/v2"

function start(options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 400, ...options }, clock)
  const client = new SdkClient("http://sim.test", simulator.fetch)
  const call = async (path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
    const response = await client.request(path, { headers: await client.bearer(), ...sent })
    const text = await response.text()
    return { status: response.status, text, body: JSON.parse(text) as Body }
  }
  const edges = (id: string, type: string, more = "") =>
    call(`/threatgraph/combined/edges/v1?ids=${encodeURIComponent(id)}&edge_type=${type}${more}`)
  /** Events of a type in the stream, with the digits of their numbers. */
  const events = (type: string) => {
    const tape = simulator.tapes.get(0)!
    const indices = Array.from({ length: 1_000 }, (_, index) => index).filter((index) => tape.type(index) === type)
    return indices.map((index) => {
      const text = new TextDecoder().decode(tape.bytes(index)).replace(/(ProcessId": ?)(\d+)/g, '$1"$2"')
      return (JSON.parse(text) as { readonly event: Readonly<Record<string, string>> }).event
    })
  }
  const triggered = (type = "EppDetectionSummaryEvent") => events(type).filter((event) => event.ProcessId !== undefined)
  return { clock, simulator, client, call, edges, events, triggered }
}

describe("ThreatGraph", () => {
  test("offers falconpy's edge types and hunting_lead", async () => {
    const { call } = start()
    const { body } = await call("/threatgraph/queries/edge-types/v1")
    expect<unknown>(body.resources).toEqual([...edge_types, "hunting_lead"])
    expect(edge_types).toHaveLength(267)
  })

  test("gives edges in pages of at most a hundred, with a token for the next one", async () => {
    const { edges, triggered } = start()
    for (const { AgentId, ProcessId } of triggered()) {
      const id = `pid:${AgentId}:${ProcessId}`
      const found: unknown[] = []
      let more = ""
      do {
        const { body } = await edges(id, "dns_request", more)
        found.push(...body.resources)
        const { offset, next_page } = body.meta.pagination!
        expect(body.resources.length).toBeLessThanOrEqual(100)
        expect(offset === undefined).toBe(next_page === undefined)
        more = offset === undefined ? "" : `&offset=${offset}`
      } while (more !== "")
      if (found.length <= 200) continue
      expect(new Set(found.map((edge) => (edge as { id: string }).id)).size).toBe(found.length)
      return
    }
    throw new Error("no process has that many edges")
  })

  test("gives the same graph whenever it is asked, also after a restart", async () => {
    const first = start()
    const { AgentId, ProcessId } = first.triggered()[0]!
    const id = `pid:${AgentId}:${ProcessId}`
    const { text } = await first.edges(id, "loaded_module")
    const again = start()
    expect(JSON.parse((await again.edges(id, "loaded_module")).text).resources).toEqual(JSON.parse(text).resources)
  })

  test("knows the vertices at the end of its edges, with numbers that no double holds", async () => {
    const { edges, call, triggered } = start()
    const { AgentId, ProcessId } = triggered()[0]!
    const { body } = await edges(`pid:${AgentId}:${ProcessId}`, "parent_process")
    const { text, status } = await call(`/threatgraph/entities/processes/v1?ids=${body.resources[0]!.id}`)
    expect(status).toBe(200)
    expect(text).toMatch(/"TargetProcessId":1\d{18},"Score":\d+\.0/)
  })

  test("answers 404 for what it does not know and 400 for what makes no sense", async () => {
    const { edges, call } = start()
    expect((await edges("pid:nobody:1", "child_process")).status).toBe(404)
    expect((await edges("pid:nobody:1", "grandchild_process")).status).toBe(400)
    const unknown = await call("/threatgraph/entities/processes/v1?ids=pid:nobody:1")
    expect(unknown).toMatchObject({ status: 404, body: { errors: [{ code: 404, id: "pid:nobody:1" }] } })
    const many = Array.from({ length: 101 }, (_, index) => `ids=pid:a:${index}`).join("&")
    expect((await call(`/threatgraph/entities/processes/v1?${many}`)).status).toBe(400)
  })

  test("takes as long as it is told to", async () => {
    const { clock, call } = start({ threatgraph_delay_ms: 5_000 })
    let answered = false
    const waiting = call("/threatgraph/queries/edge-types/v1").then(() => {
      answered = true
    })
    await clock.advance(4_000)
    expect(answered).toBe(false)
    await clock.advance(1_001)
    await waiting
  })
})

describe("the detections of the event stream", () => {
  test("have alerts whose processes are those of the event", async () => {
    const { call, triggered } = start()
    const { CompositeId, AgentId, ProcessId, ParentProcessId } = triggered()[0]!
    expect((await call(alerts, { composite_ids: [CompositeId] })).body.resources).toMatchObject([
      {
        composite_id: CompositeId,
        triggering_process_graph_id: `pid:${AgentId}:${ProcessId}`,
        parent_details: { process_graph_id: `pid:${AgentId}:${ParentProcessId}` },
      },
    ])
  })

  test("have no process when a scan made them", async () => {
    const { call, events } = start()
    const { CompositeId } = events("EppDetectionSummaryEvent").find(({ Type }) => Type === "ods")!
    expect((await call(alerts, { composite_ids: [CompositeId] })).body.resources).toMatchObject([
      { triggering_process_graph_id: null, parent_details: null },
    ])
  })

  test("point to as few processes as wanted", async () => {
    const { call, triggered } = start({ processes: 5 })
    const composite_ids = [...new Set(triggered().map(({ CompositeId }) => CompositeId))]
    const { body } = await call(alerts, { composite_ids })
    expect(body.resources.length).toBe(composite_ids.length)
    const processes = body.resources.flatMap(({ triggering_process_graph_id, parent_details }) => [
      triggering_process_graph_id,
      (parent_details as { process_graph_id: string }).process_graph_id,
    ])
    expect(new Set(processes).size).toBe(5)
  })

  test.each([
    ["not_found", 404],
    ["gone", 410],
  ] as const)("of the old kind are withdrawn: %s", async (detections, status) => {
    const { call } = start({ detections })
    expect((await call(detects, { ids: ["ldt:a:1"] })).status).toBe(status)
  })

  test("of the old kind name their processes where the API still works", async () => {
    const { call, triggered } = start({ detections: "served" })
    const { DetectId, SensorId, ProcessId } = triggered("DetectionSummaryEvent")[0]!
    const { body } = await call(detects, { ids: [DetectId, "ldt:a:1"] })
    expect(body.resources).toMatchObject([
      { detection_id: DetectId, behaviors: [{ triggering_process_graph_id: `pid:${SensorId}:${ProcessId}` }] },
    ])
  })
})
