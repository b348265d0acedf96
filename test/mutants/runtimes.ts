/** Promises about the runtimes beside Bun and about the edge, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/runtimes.md"
const edge_test = "test/runtimes/edge.test.ts"

const journal = breaks({ file: "src/edge/journal.ts", page, noticed_by: edge_test }, [
  {
    name: "two places at the edge act under one key",
    promise: "With `add`, two requests with one new key never both act.",
    find: "return added ? undefined : value",
    replace: "return added ? undefined : undefined",
  },
  {
    name: "the edge changes something that is not audited",
    promise: "While the audit log rejects lines, nothing is changed.",
    find: "if (attempt.audit !== undefined) {",
    replace: 'if (attempt.hash === "") {',
  },
  {
    name: "a place that was taken away is under way for ever",
    promise: "Nobody knows what became of a run whose place was taken away, and that is said.",
    find: "if (at_ms - known.at_ms < edge.running_ms_max)",
    replace: "if (at_ms - known.at_ms < 1_000 * edge.running_ms_max)",
  },
])

const handler = breaks({ file: "src/edge/handler.ts", page, noticed_by: edge_test }, [
  {
    name: "each request at the edge asks for a token",
    promise: "The token lives as long as the isolate.",
    find: "Effect.provideService(TokenMemory, token),",
    replace: "Effect.provideService(TokenMemory, {}),",
  },
  {
    name: "a guard that the edge cannot keep is taken",
    promise: "What needs a data folder is refused.",
    find: "if (value === undefined || (",
    replace: 'if (typeof value !== "string" || (',
  },
])

const entries = breaks({ file: "src/akonis.ts", page, noticed_by: "test/runtimes/deno.test.ts" }, [
  {
    name: "deno serve listens for everybody",
    promise: "A server that listens elsewhere than configured is refused.",
    find: "if (is_there && (",
    replace: "if (is_there || (",
  },
])

export const runtimes: readonly Mutant[] = [...journal, ...handler, ...entries]
