/** Promises about what the intake's answers are taken for, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/delivery.md"
const own_words = "Only an answer in the intake's own words is believed."
const halved =
  "A refused batch is cut in halves until the event that is refused is found, and every other one is delivered."
const on_record = "What the intake refuses for good is recorded before its batch is committed."
const an_outage = "An intake that refuses everything is taken for an outage: nothing is given up."

const intake = breaks({ file: "src/core/sekoia/intake.ts", page }, [
  {
    name: "a 200 is a success, whatever it says",
    promise: own_words,
    find: "const said = jsonObject(answer.text)",
    replace: "const said = { received: true, event_ids: undefined }",
  },
  {
    name: "an empty list of ids is a success",
    promise: own_words,
    find: "return acknowledged === 0 && events > 0 ? undefined : acknowledged",
    replace: "return acknowledged",
  },
  {
    name: "a proxy's page is a refusal of events",
    promise: own_words,
    find: 'reason === "refused" && jsonObject(text) === undefined',
    replace: "false",
  },
])

const remaining = breaks({ file: "src/core/delivery/remaining.ts", page }, [
  {
    name: "a refused batch loses its second half",
    promise: halved,
    find: "{ from, to: middle }, { from: middle, to })",
    replace: "{ from, to: middle })",
  },
  {
    name: "the second half goes first",
    promise: "Per partition, the intake receives events in the order Falcon sent them.",
    find: "{ from, to: middle }, { from: middle, to })",
    replace: "{ from: middle, to }, { from, to: middle })",
  },
])

const deliverer = breaks({ file: "src/core/delivery/deliverer.ts", page }, [
  {
    name: "a refused event is given up without a record",
    promise: on_record,
    find: "    yield* record(poison)\n",
    replace: "",
  },
  {
    name: "a refused batch becomes dead letters as a whole",
    promise: halved,
    find: "} else if (range.to - range.from > 1) remaining.halve(range)",
    replace:
      "} else if (range.to - range.from > 1) for (let i = range.from; i < range.to; i++) yield* record([rejectOf(batch, i, refusal)])",
  },
  {
    name: "what is refused alone is poison",
    promise: an_outage,
    find: "open.suspects.push({ index: range.from, refusal })",
    replace: "yield* record([rejectOf(batch, range.from, refusal)])",
  },
  {
    name: "suspects are poison as soon as another event is taken",
    promise: "An event that is refused is posted once more after another one was taken, before it is given up.",
    find: "const refusal = yield* postUntilAnswered(batch, index, index + 1)",
    replace: "const refusal = suspects.find((one) => one.index === index)?.refusal",
  },
  {
    name: "the batch is done while it holds suspects",
    promise: "An offset is stored only after every event up to it was accepted or written to the dead letters.",
    find: "if (remaining.count + open.suspects.length === 0) return",
    replace: "if (remaining.count === 0) return",
  },
])

const standing = breaks({ file: "src/core/delivery/standing.ts", page }, [
  {
    name: "an intake that refuses everything is never doubted",
    promise: an_outage,
    find: "return this.refused_in_row >= this.in_row_max",
    replace: "return this.refused_in_row >= 1_000 * this.in_row_max",
  },
  {
    name: "what was refused as a probe is forgotten",
    promise: "Poison events with nothing after them pass one after the other, in batches of one event, too.",
    find: "return accepted !== undefined && accepted < this.accepted",
    replace: "return accepted !== undefined && accepted > this.accepted",
    noticed_by: "src/core/delivery/deliverer.test.ts",
  },
])

const outage = breaks({ file: "src/core/delivery/outage.ts", page }, [
  {
    name: "an outage is probed without a pause",
    promise: "An intake that refuses everything is asked again with a growing pause.",
    find: "if (!at_once) yield* pause(refusal, attempt)",
    replace: "if (!at_once) yield* Effect.sleep(20)",
  },
  {
    name: "only the first event is tried",
    promise: "One poison event at the head of a batch does not hold up delivery for ever.",
    find: "return probeAt(open, attempt === 2 ? first : place)",
    replace: "return probeAt(open, place * 0 * first)",
  },
  {
    name: "what was tried before its turn is posted again in its turn",
    promise: "While the process lives, an event comes once.",
    find: "          early.set(next, own)\n",
    replace: "",
  },
  {
    name: "what was tried is posted again in its turn",
    promise: "While the process lives, an event comes once.",
    find: "taken: () => remaining.drop(index)",
    replace: "taken: () => undefined",
  },
])

export const refusals: readonly Mutant[] = [...intake, ...remaining, ...deliverer, ...standing, ...outage]
