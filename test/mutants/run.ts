/**
 * `bun run mutants [--at_once N] [part of a name, of a file or of a test …]`: breaks the product on purpose, one promise at a time, and shows which test
 * notices. Each mutant runs in a copy of the project, in a process of its own, against the one test that must notice it.
 * Ends with 1 when one survives, or makes its test hang, which is judged by a person: its test should fail.
 */
import { parseArgs } from "node:util"
import { mutants } from "./all.ts"
import { type Copy, makeCopy } from "./copy.ts"
import { expectUnbroken, type Judgement, judge, type Verdict } from "./judge.ts"

const { values, positionals: wanted } = parseArgs({
  options: { at_once: { type: "string", default: "2" } },
  allowPositionals: true,
})
const at_once = Number(values.at_once)
const say = (line: string) => void process.stdout.write(`${line}\n`)

const chosen = mutants.filter(
  ({ name, file, noticed_by }) =>
    wanted.length === 0 || wanted.some((part) => [name, file, noticed_by].some((text) => text.includes(part))),
)
if (chosen.length === 0) throw new Error(`no mutant has "${wanted.join('" or "')}" in its name, its file or its test`)

const words = { noticed: "noticed ", survived: "SURVIVED", hangs: "HANGS   " } as const

const show = ({ mutant, judgement, sentence, seconds }: Verdict) =>
  say(
    [
      words[judgement],
      mutant.name.padEnd(60),
      `${mutant.promise} (${mutant.page})`,
      judgement === "survived"
        ? `not noticed by ${mutant.noticed_by}`
        : `${mutant.noticed_by}: ${sentence.slice(0, 120)}`,
      `${seconds.toFixed(1)} s`,
    ].join(" | "),
  )

/** By the test that is asked, so that it runs unbroken only once. */
const unbroken = new Map<string, Promise<void>>()
const verdicts: Verdict[] = []
const failures: string[] = []
const waiting = [...chosen]

const work = async (copy: Copy): Promise<void> => {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const { noticed_by } = mutant
    const checked = unbroken.get(noticed_by) ?? expectUnbroken(copy, noticed_by)
    unbroken.set(noticed_by, checked)
    try {
      await checked
      const verdict = await judge(copy, mutant)
      verdicts.push(verdict)
      show(verdict)
    } catch (error) {
      failures.push(mutant.name)
      say(`NOT RUN  | ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

const copies = Array.from({ length: Math.min(at_once, chosen.length) }, makeCopy)
try {
  await Promise.all(copies.map(work))
} finally {
  for (const copy of copies) copy.remove()
}
const judged = (judgement: Judgement) => verdicts.filter((verdict) => verdict.judgement === judgement)
const [survived, hang] = [judged("survived"), judged("hangs")]
say(
  [
    `${verdicts.length} mutants, ${survived.length} survived`,
    ...(hang.length > 0 ? [`${hang.length} hang`] : []),
    ...(failures.length > 0 ? [`${failures.length} not run`] : []),
  ].join(", "),
)
for (const { mutant } of survived) say(`survived: ${mutant.name}`)
for (const { mutant } of hang) say(`hangs: ${mutant.name}`)
process.exit(survived.length + hang.length + failures.length > 0 ? 1 : 0)
