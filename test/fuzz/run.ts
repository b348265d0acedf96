/** `bun run fuzz [--minutes M] [--seed S] [name…]`: every rule in turn with new random inputs, until the time is over. */
import { parseArgs } from "node:util"
import { cases } from "./cases.ts"
import type { FuzzCase } from "./fuzz-case.ts"

const { values, positionals } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
  allowPositionals: true,
})
const minutes = Number(values.minutes)
const first_seed = values.seed === undefined ? (Math.random() * 2 ** 31) | 0 : Number(values.seed)
const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
if (!Number.isFinite(minutes) || !Number.isInteger(first_seed) || chosen.length === 0) {
  process.stderr.write("fuzz [--minutes M] [--seed S] [part of a name…]\n")
  process.exit(2)
}

/** Longest that one rule is tried before the next has its turn. */
const turn_ms_max = 20_000

const end_ms = performance.now() + minutes * 60_000
const tried = new Map<FuzzCase, number>()
for (let seed = first_seed; performance.now() < end_ms; seed = (seed + 1) | 0) {
  for (const one of chosen) {
    const left_ms = Math.min(turn_ms_max, end_ms - performance.now())
    if (left_ms <= 0) break
    const { runs, failure } = await one.check({ seed, numRuns: one.runs, interruptAfterTimeLimit: left_ms })
    tried.set(one, (tried.get(one) ?? 0) + runs)
    if (failure !== undefined) {
      process.stdout.write(`FAILED: ${one.name}\n${failure}\nagain: bun run fuzz --seed ${seed} "${one.name}"\n`)
      process.exit(1)
    }
  }
}
for (const one of chosen) process.stdout.write(`${String(tried.get(one) ?? 0).padStart(10)} inputs: ${one.name}\n`)
process.stdout.write(`nothing found; the first seed was ${first_seed}\n`)
process.exit(0)
