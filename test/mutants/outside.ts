/** Promises about plugins from outside, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/plugins.md"
const loaded = "test/outside/load.test.ts"
const alone = "test/outside/alone.test.ts"

const files = breaks({ file: "src/outside/files.ts", page: "docs/security.md", noticed_by: loaded }, [
  {
    name: "a plugin that everybody may write is run",
    promise: "A file that everybody may write is refused.",
    find: "if ((info.mode & 0o002) !== 0)",
    replace: "if ((info.mode & 0o002) === 1)",
  },
  {
    name: "only the folder's name is looked at",
    promise: "A file in a folder where it could be replaced is refused.",
    find: "const open = is_sticky ? whyForeign(above) : whyWritable(above)",
    replace: "const open = whyForeign(above)",
  },
])

const declaration = breaks({ file: "src/outside/declaration.ts", page, noticed_by: loaded }, [
  {
    name: "any version of the plugin API is taken",
    promise: "A plugin that declares another version is refused by name when Akonis starts.",
    find: "if (api !== 1) return wrongVersion(api)",
    replace: "if (api === 0) return wrongVersion(api)",
  },
])

const run = breaks({ file: "src/outside/run.ts", page, noticed_by: alone }, [
  {
    name: "a plugin that does not stop keeps the process",
    promise: "A plugin that does not stop when Akonis stops is left behind after two seconds.",
    find: "waited_ms < outside.stop_ms_max",
    replace: "waited_ms < 20_000",
  },
  {
    name: "a plugin has no time to end its work",
    promise: "When Akonis stops, its work is interrupted and then has two seconds.",
    find: "fiber.pollUnsafe() === undefined && waited_ms",
    replace: "fiber.pollUnsafe() !== undefined && waited_ms",
  },
])

const workers = breaks({ file: "src/core/delivery/enrichment-workers.ts", page, noticed_by: alone }, [
  {
    name: "enrichers share their workers",
    promise: "Other enrichers have workers of their own.",
    find: "if (!employed.has(enricher)) yield* employ(enricher)",
    replace: "if (employed.size === 0) yield* employ(enricher)",
  },
])

export const outside: readonly Mutant[] = [...files, ...declaration, ...run, ...workers]
