/** Every rule there is. */
import type { FuzzCase } from "./fuzz-case.ts"
import { line_cases } from "./lines.ts"
import { pattern_cases } from "./patterns.ts"
import { request_cases } from "./requests.ts"
import { setting_cases } from "./settings.ts"
import { stored_cases } from "./stored.ts"

export const cases: readonly FuzzCase[] = [
  ...line_cases,
  ...pattern_cases,
  ...setting_cases,
  ...stored_cases,
  ...request_cases,
]
