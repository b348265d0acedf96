/** Promises about the vertices around detections, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/delivery.md"
const vertices_first = "The offset of a detection is stored once its vertices were accepted, or it is dead-lettered."
const dead_lettered = "A detection whose vertices cannot be sent is a dead letter that can be replayed."
const behind = "When more than 10 000 events of a partition would wait for vertices, the oldest are dead-lettered."

const partition = breaks({ file: "src/plugins/event-stream/pipeline.ts", page }, [
  {
    name: "an offset does not wait for vertices",
    promise: vertices_first,
    find: "    enrichment.hold(batch.source_events, range)\n",
    replace: "",
  },
  {
    name: "vertices may come before their detection",
    promise: "Vertices are posted after their detection.",
    find: `    yield* deliverer.deliver(batch)
    yield* enrichment.begin(batch.source_events, range)`,
    replace: `    yield* enrichment.begin(batch.source_events, range)
    yield* deliverer.deliver(batch)`,
  },
])

const workers = breaks({ file: "src/core/delivery/enrichment-workers.ts", page }, [
  {
    name: "what cannot be looked up is forgotten",
    promise: dead_lettered,
    find: 'Effect.catchTag("NotEnriched", ({ message }) => giveUp([one], message)),',
    replace: 'Effect.catchTag("NotEnriched", () => complete(one)),',
  },
  {
    name: "what a stopping process does not finish is forgotten",
    promise: dead_lettered,
    find: "    yield* giveUp(queue.stillOpen(), stopped)\n",
    replace: "    yield* free(queue.beginEnd(queue.stillOpen()), options.commit)\n",
  },
  {
    name: "events wait for the vertices of those before them",
    promise: "Enrichment never delays raw events.",
    find: "    const overdue = queue.overdue()\n",
    replace: "    yield* conditions.until(() => queue.open === 0)\n    const overdue = queue.overdue()\n",
  },
  {
    name: "any number of events may wait to be committed",
    promise: behind,
    find: "    const overdue = queue.overdue()\n",
    replace: "    const overdue: readonly Enrichment[] = []\n",
  },
  {
    name: "any number of them on a full disk",
    noticed_by: "src/core/delivery/enrichment-workers.test.ts",
    promise: "While the data folder cannot be written, raw events wait at that bound.",
    find: "if (queue.isCongested) ",
    replace: "if (!queue.isQuiet && queue.open < 0) ",
  },
  {
    name: "vertices are posted twice",
    promise: "A vertex comes once while the process lives.",
    find: "Effect.flatMap(post),",
    replace: "Effect.flatMap((events) => Effect.andThen(post(events), post(events))),",
  },
])

const vertices = breaks({ file: "src/plugins/enrichment/vertices.ts", page }, [
  {
    name: "a vertex that may not be read counts as gone",
    promise: "Only vertices that Falcon answers with 400 or 404 count as not there.",
    find: "Effect.map(lookUp(id, type), (found)",
    replace: "Effect.map(Effect.catch(lookUp(id, type), () => Effect.succeed(undefined)), (found)",
  },
  {
    name: "vertices are parsed and written again",
    promise: "Vertices reach the intake byte for byte.",
    find: "text: copyOf(texts[index]!)",
    replace: "text: JSON.stringify(JSON.parse(texts[index]!))",
  },
])

const edges = breaks({ file: "src/plugins/enrichment/edges.ts", page }, [
  {
    name: "only the first page of the edges",
    promise: "All vertices around a detection are sent, up to the bounds that are named.",
    find: "limit: enrichment.edges_per_type_max + 1,",
    replace: "limit: 1,",
  },
])

const calls = breaks({ file: "src/plugins/enrichment/calls.ts", page }, [
  {
    name: "an outage is a reason to give up",
    promise: "No detection is given up because of an outage that will pass.",
    find: "      if (isPassing(error)) {",
    replace: "      if (isPassing(error) && attempt < 3) {",
  },
  {
    name: "the enrichment ignores its share of the budget",
    promise: "The calls of the enrichment are at most 40 in a second and 2 000 in a minute.",
    page: "docs/operations.md",
    find: "few.withPermit(Effect.andThen(share.take, ",
    replace: "few.withPermit(Effect.andThen(Effect.void, ",
  },
])

const doubted = breaks({ file: "src/plugins/enrichment/calls.ts", noticed_by: "test/enrichment/doubt.test.ts" }, [
  {
    name: "no backoff in the enrichment",
    promise: "The pause between calls that fail grows, so that an API that is down is left alone.",
    find: "yield* Effect.sleep(yield* waitMs(attempt, error.retry_after_ms))",
    replace: "yield* Effect.sleep(1)",
  },
  {
    name: "an answer that says nothing is believed",
    promise: "A 2xx that says nothing is asked for again.",
    find: "if (doubt === undefined || (doubt.may_be_true && doubts >= doubts_max)) {",
    replace: "if (doubt === undefined || doubts >= 0) {",
  },
])

const outages = breaks({ file: "src/plugins/enrichment/calls.ts", noticed_by: "test/enrichment/outages.test.ts" }, [
  {
    name: "an outage is hammered",
    promise: "While an API does not answer, only single tries are made.",
    find: "CircuitBreaker.consecutive(enrichment.breaker_failures)",
    replace: "CircuitBreaker.consecutive(1_000_000 * enrichment.breaker_failures)",
  },
  {
    name: "a missing scope is asked for again and again",
    promise: "A missing scope is tried again every 15 minutes.",
    page: "docs/operations.md",
    find: "if (LASTING.includes(error.reason)) {",
    replace: "if (LASTING.includes(error.reason) && attempt < 0) {",
  },
])

const bounds = breaks({ file: "src/plugins/enrichment/enricher.ts", page: "docs/operations.md" }, [
  {
    name: "vertices without a bound",
    promise: "A detection is sent at most 5 000 vertices.",
    noticed_by: "test/enrichment/doubt.test.ts",
    find: "return edges.slice(0, vertices_per_detection_max)",
    replace: "return edges",
  },
  {
    name: "calls without a bound",
    promise: "A detection that has cost 1 200 calls looks at no further processes.",
    page: "src/plugins/enrichment/limits.ts",
    noticed_by: "test/enrichment/vertices.test.ts",
    find: "if (spent >= enrichment.calls_per_detection_max) {",
    replace: "if (spent >= 1_000 * enrichment.calls_per_detection_max) {",
  },
])

const one_type = breaks({ file: "src/plugins/enrichment/edges.ts", noticed_by: "test/enrichment/vertices.test.ts" }, [
  {
    name: "edges without a bound",
    promise: "Of one edge type at one process at most 1 000 vertices are sent.",
    page: "docs/operations.md",
    find: ".slice(0, edges_per_type_max)",
    replace: "",
  },
])

const edge_types = breaks(
  { file: "src/plugins/enrichment/edge-types.ts", noticed_by: "test/enrichment/vertices.test.ts" },
  [
    {
      name: "device and hunting_lead are followed",
      promise: "`device` and `hunting_lead` are never followed.",
      page: "docs/reference/configuration.md",
      find: "!edge_types_never_walked.includes(name) && ",
      replace: "",
    },
  ],
)

const costs = breaks(
  { file: "src/plugins/enrichment/coalescing-cache.ts", noticed_by: "test/enrichment/costs.test.ts" },
  [
    {
      name: "what is known is asked for again",
      promise: "Edges and vertices are remembered for 15 minutes.",
      page: "docs/operations.md",
      find: "if (known !== undefined) return",
      replace: "if (known === null) return",
    },
    {
      name: "what is remembered never grows old",
      promise: "Edges and vertices are remembered for 15 minutes.",
      page: "docs/operations.md",
      find: "ttl: options.life_ms,",
      replace: "ttl: 0 * options.life_ms,",
    },
  ],
)

export const enrichment: readonly Mutant[] = [
  ...doubted,
  ...outages,
  ...bounds,
  ...one_type,
  ...edge_types,
  ...costs,
  ...partition,
  ...workers,
  ...vertices,
  ...edges,
  ...calls,
]
