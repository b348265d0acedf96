import { parse } from "yaml"
import * as z from "zod"
import type { ListenOptions } from "./listen.ts"
import { options_schema, parseWith } from "./options.ts"

const scenario_schema = options_schema.extend({
  port: z.int().min(0).max(65_535).optional(),
  host: z.string().min(1).optional(),
})

/** Reads a scenario in YAML. Throws an error that names the key and what is wrong there. */
export function parseScenario(text: string): ListenOptions {
  return parseWith(scenario_schema, parse(text))
}
