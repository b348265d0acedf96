/** Deployments of a part: what is on, what is demanded, who locks what. */
import { breaks } from "./mutant.ts"

const page = "docs/reference/configuration.md"
const noticed_by = "src/core/config/partial.test.ts"

const plugins = breaks({ file: "src/core/config/plugins.ts", page, noticed_by }, [
  {
    name: "a list of plugins in the environment yields to the file",
    promise: "AKONIS_PLUGINS names the plugins that are on, and no others are.",
    find: "return (only.by_env && env_wins !== false) || asked !== false",
    replace: "return asked !== false",
  },
  {
    name: "a list of no plugins is taken",
    promise: "A configuration with which nothing happens is refused.",
    find: "if (value.length === 0) throw",
    replace: "if (value.length < 0) throw",
  },
  {
    name: "an enrichment without a stream is taken",
    promise: "An enrichment without a stream is refused.",
    find: "if (adding === undefined || on.some(",
    replace: "if (adding !== null || on.some(",
  },
  {
    name: "every command asks for every key",
    promise: "A command asks only for the keys that it uses.",
    find: "{ may_miss: !used.plugin(plugin) }",
    replace: "{ may_miss: false }",
  },
])

const variables = breaks({ file: "src/core/config/variables.ts", page, noticed_by }, [
  {
    name: "a variable that means nothing is passed over",
    promise: "Variables that begin with AKONIS_ or FALCON_ and mean nothing stop the start.",
    find: "if (first === undefined) return",
    replace: "if (first !== null) return",
  },
])

const start = breaks({ file: "src/start.ts", page: "docs/operations.md", noticed_by: "test/process/cuts.test.ts" }, [
  {
    name: "a server takes the lock of the worker",
    promise: "serve and worker run beside each other on one folder.",
    find: 'serve: ["serve"]',
    replace: 'serve: ["work", "serve"]',
  },
])

export const cuts = [...plugins, ...variables, ...start]
