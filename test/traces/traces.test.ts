import { describe, expect, test } from "bun:test"
import { type Collector, type Span, secrets, startCollector, withAkonis } from "./collector.ts"

const named = ({ spans }: Pick<Collector, "spans">, name: string): Span => {
  const found = spans.filter((span) => span.name === name)
  expect(found.map((span) => span.name)).toEqual([name])
  return found[0]!
}

const events = 1_500
const theirs = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" }
const traceparent = `00-${theirs.trace}-${theirs.span}-01`

/** Several batches delivered, one read while the one before it is posted, and one host asked to be isolated, which Falcon does not know. */
const work = async (collector: Collector) => {
  const seen = { trace_id: "", audit: {} as Record<string, unknown> }
  const lines = await withAkonis(
    {
      endpoint: collector.url,
      simulated: { events_per_partition: events, intake_delay_ms: 100 },
      env: { OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${secrets.header}` },
    },
    async ({ delivered, ask, auditLines }) => {
      await delivered(events)
      const path = "/actions/isolate_endpoints"
      const answer = await ask(path, { body: { ids: ["f".repeat(32)] }, headers: { traceparent } })
      seen.trace_id = answer.headers.get("x-trace-id") ?? ""
      seen.audit = auditLines().at(-1)!
    },
  )
  return { ...seen, lines }
}

describe("traces", () => {
  test("show a batch from its first event to its commit and a run in the trace of its request, without a secret or anything of an event", async () => {
    const collector = startCollector()
    const { trace_id, audit, lines } = await work(collector)
    await collector.stop()

    const batches = collector.spans.filter(({ name }) => name === "batch")
    const counts = batches.map(({ attributes }) => Number(attributes["akonis.events"]))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(events)
    const [before, batch] = batches.slice(-2) as [Span, Span]
    const within = collector.spans.filter(({ parentSpanId }) => parentSpanId === batch.spanId)
    expect(within.map(({ name }) => name)).toEqual(["intake post", "commit"])
    const [post, commit] = within as [Span, Span]
    expect(batch).toMatchObject({
      attributes: {
        "akonis.tenant": "default",
        "akonis.partition": "0",
        "akonis.dead_letters": 0,
      },
      status: { code: 0 },
    })
    expect(batch.parentSpanId).toBeUndefined()
    expect([post.traceId, commit.traceId]).toEqual([batch.traceId, batch.traceId])
    expect(post.attributes).toMatchObject({ "http.response.status_code": 200, "url.path": "/batch" })
    const opened = named(collector, "falcon streams.open")
    const order = [
      opened.ended,
      batch.begun,
      before.ended,
      post.begun,
      post.ended,
      commit.begun,
      commit.ended,
      batch.ended,
    ]
    expect(order.toSorted((a, b) => Number(a - b))).toEqual(order)
    expect(named(collector, "stream.session").attributes).toMatchObject({ "akonis.partition": "0" })

    const request = named(collector, "http.request")
    const run = named(collector, "action isolate_endpoints")
    expect(request).toMatchObject({ traceId: theirs.trace, parentSpanId: theirs.span })
    expect(run).toMatchObject({ traceId: theirs.trace, parentSpanId: request.spanId, status: { code: 2 } })
    expect(named(collector, "falcon hosts.contain").traceId).toBe(theirs.trace)
    expect(trace_id).toBe(theirs.trace)
    expect(audit).toMatchObject({ action: "isolate_endpoints", outcome: "failed", w3c_trace_id: theirs.trace })

    const told = lines.filter((line) => line.includes(`trace_id=${theirs.trace}`)).join("\n")
    expect(told).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARN +isolate_endpoints: failed: hosts\.contain: Falcon answered 400: /m,
    )
    expect(told).toMatch(/DEBUG falcon hosts\.contain: POST \/devices\S+ answered 400 in \d+ ms .*cs_trace_id=\S+/)

    expect(collector.headers.map((headers) => headers.get("x-api-key"))).toContain(secrets.header)
    const everything = [...collector.bodies, ...lines].join("\n")
    for (const secret of [...Object.values(secrets), "simulated-secret", "simulated-intake-key", "Bearer", "eventType"])
      expect(everything).not.toContain(secret)
    expect(everything).not.toMatch(/[?&](appId|offset)=/)
  })

  test("cost delivery and the end of the process nothing when the collector hangs", async () => {
    const collector = startCollector(() => new Promise(() => {}))
    let events = 0
    await withAkonis({ endpoint: collector.url }, async ({ delivered, simulator }) => {
      await delivered(300)
      events = simulator.account().total.delivered
    })
    await collector.stop()
    expect(events).toBe(300)
    expect(collector.bodies.length).toBeGreaterThan(0)
  })

  test("are not made where no collector is named, and a run is still told by the trace of its caller", async () => {
    const said: (string | null)[] = []
    await withAkonis({ endpoint: undefined }, async ({ ask, auditLines }) => {
      const sent = { body: { ids: ["f".repeat(32)] }, headers: { traceparent } }
      said.push((await ask("/actions/isolate_endpoints", sent)).headers.get("x-trace-id"))
      expect(auditLines().at(-1)).toMatchObject({ w3c_trace_id: theirs.trace })
      said.push((await ask("/actions/isolate_endpoints", { body: {} })).headers.get("x-trace-id"))
    })
    expect(said).toEqual([theirs.trace, null])
  })
})
