/** Promises about what follows detections, broken on purpose. */
import type { Mutant } from "./mutants.ts"

const follow_ups = "src/core/delivery/follow-ups.ts"
const enrichment = "src/plugins/enrichment"

export const enrichment_mutants: readonly Mutant[] = [
  {
    name: "an offset does not wait for vertices",
    file: "src/plugins/event-stream/partition.ts",
    find: "    follow_ups.hold(batch.followed, range)\n",
    replace: "",
  },
  {
    name: "what cannot be looked up is forgotten",
    file: follow_ups,
    find: 'Effect.catchTag("GivenUp", ({ message }) => giveUp([one], message)),',
    replace: 'Effect.catchTag("GivenUp", () => done(one)),',
  },
  {
    name: "what a stopping process does not finish is forgotten",
    file: follow_ups,
    find: "    yield* giveUp([...open], stopped)\n",
    replace: "    yield* settle([...open])\n",
  },
  {
    name: "vertices may come before their detection",
    file: "src/plugins/event-stream/partition.ts",
    find: `    yield* sink.deliver(batch)
    yield* follow_ups.begin(batch.followed, range)`,
    replace: `    yield* follow_ups.begin(batch.followed, range)
    yield* sink.deliver(batch)`,
  },
  {
    name: "events wait for the vertices of those before them",
    file: follow_ups,
    find: "    if (window.events <= following.events_behind_max) return\n",
    replace: "    yield* idle.await\n",
  },
  {
    name: "any number of events may wait to be committed",
    file: follow_ups,
    find: "    if (window.events <= following.events_behind_max) return\n",
    replace: "    if (window.events >= 0) return\n",
  },
  {
    name: "any number of them on a full disk",
    file: follow_ups,
    find: "while (ending > 0 && ",
    replace: "while (ending < 0 && ",
  },
  {
    name: "vertices are posted twice",
    file: follow_ups,
    find: "Effect.flatMap(post),",
    replace: "Effect.flatMap((events) => Effect.andThen(post(events), post(events))),",
  },
  {
    name: "a vertex that may not be read counts as gone",
    file: `${enrichment}/vertices.ts`,
    find: "Effect.map(lookUp(id, type), (found)",
    replace: "Effect.map(Effect.catch(lookUp(id, type), () => Effect.succeed(undefined)), (found)",
  },
  {
    name: "only the first page of the edges",
    file: `${enrichment}/edges.ts`,
    find: "limit: enrichment.edges_per_type_max + 1,",
    replace: "limit: 1,",
  },
  {
    name: "an outage is a reason to give up",
    file: `${enrichment}/calls.ts`,
    find: "      if (isPassing(error)) {",
    replace: "      if (isPassing(error) && attempt < 3) {",
  },
  {
    name: "the enrichment ignores its share of the budget",
    file: `${enrichment}/calls.ts`,
    find: "few.withPermit(Effect.andThen(share.take, ",
    replace: "few.withPermit(Effect.andThen(Effect.void, ",
  },
  {
    name: "vertices are parsed and written again",
    file: `${enrichment}/vertices.ts`,
    find: "text: copyOf(texts[index]!)",
    replace: "text: JSON.stringify(JSON.parse(texts[index]!))",
  },
]
