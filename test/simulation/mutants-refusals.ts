/** What is made of the intake's answers, broken on purpose. */
import type { Mutant } from "./mutants.ts"

const sink = "src/core/delivery/sink.ts"
const outage = "src/core/delivery/outage.ts"
const remaining = "src/core/delivery/remaining.ts"
const standing = "src/core/delivery/standing.ts"
const intake = "src/core/sekoia/intake.ts"

export const refusal_mutants: readonly Mutant[] = [
  {
    name: "a 200 is a success, whatever it says",
    file: intake,
    find: "const said = parseObject(answer.text)",
    replace: "const said = { received: true, event_ids: undefined }",
  },
  {
    name: "an empty list of ids is a success",
    file: intake,
    find: "return acknowledged === 0 && events > 0 ? undefined : acknowledged",
    replace: "return acknowledged",
  },
  {
    name: "a proxy's page is a refusal of events",
    file: intake,
    find: 'parseObject(text) === undefined ? "not_an_intake" : "refused"',
    replace: '"refused"',
  },
  {
    name: "a refused batch loses its second half",
    file: remaining,
    find: "{ from, to: middle }, { from: middle, to })",
    replace: "{ from, to: middle })",
  },
  {
    name: "the second half goes first",
    file: remaining,
    find: "{ from, to: middle }, { from: middle, to })",
    replace: "{ from: middle, to }, { from, to: middle })",
  },
  {
    name: "a refused event is given up without a record",
    file: sink,
    find: "    yield* record(guilty)\n",
    replace: "",
  },
  {
    name: "a refused batch becomes dead letters as a whole",
    file: sink,
    find: "} else if (range.to - range.from > 1) remaining.halve(range)",
    replace:
      "} else if (range.to - range.from > 1) for (let i = range.from; i < range.to; i++) yield* record([rejectOf(batch, i, refusal)])",
  },
  {
    name: "what is refused alone is guilty",
    file: sink,
    find: "open.suspects.push({ index: range.from, refusal })",
    replace: "yield* record([rejectOf(batch, range.from, refusal)])",
  },
  {
    name: "suspects are guilty as soon as another event is taken",
    file: sink,
    find: "const refusal = yield* postUntilAnswered(batch, index, index + 1)",
    replace: "const refusal = suspects.find((one) => one.index === index)?.refusal",
  },
  {
    name: "the batch is done while it holds suspects",
    file: sink,
    find: "if (remaining.count + open.suspects.length === 0) return",
    replace: "if (remaining.count === 0) return",
  },
  {
    name: "an intake that refuses everything is never doubted",
    file: standing,
    find: "return this.refused_in_row >= this.in_row_max",
    replace: "return this.refused_in_row >= 1_000 * this.in_row_max",
  },
  {
    name: "an outage is probed without a pause",
    file: outage,
    find: "if (!at_once) yield* pause(refusal, attempt)",
    replace: "if (!at_once) yield* Effect.sleep(20)",
  },
  {
    name: "only the first event is tried",
    file: outage,
    find: "return probeAt(open, attempt === 2 ? first : place)",
    replace: "return probeAt(open, place * 0 * first)",
  },
  {
    name: "what was tried before its turn is posted again in its turn",
    file: outage,
    find: "          early.set(next, own)\n",
    replace: "",
  },
  {
    name: "what was tried is posted again in its turn",
    file: outage,
    find: "taken: () => remaining.drop(index)",
    replace: "taken: () => undefined",
  },
]
