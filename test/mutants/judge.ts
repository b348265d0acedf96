/** Judges one mutant: whether the test that must notice it fails. */
import type { Copy } from "./copy.ts"
import { type Mutant, seeds } from "./mutant.ts"

export interface Verdict {
  readonly mutant: Mutant
  /** The sentence of the test that failed; `undefined` when the mutant survived. */
  readonly noticed: string | undefined
  readonly seconds: number
}

/**
 * A mutant that spins, so that nothing is printed any more, is noticed by the clock on the wall. Both are long, so that a machine
 * that is busy with other work does not look like a mutant.
 */
const silent_ms_max = 300_000
const test_ms_max = 240_000

/** What a patch that does not compile or names what is not there leads to: that proves nothing. */
const not_runnable =
  /^SyntaxError: (?!JSON)|^ReferenceError: \S+ is not defined|Unhandled error between tests|^error: (Expected|Unexpected|Could not resolve) /m

export const judge = async (copy: Copy, mutant: Mutant): Promise<Verdict> => {
  const began_ms = performance.now()
  const mend = copy.breakWith(mutant)
  try {
    const { out, code, timed_out } = await run(copy, mutant.noticed_by)
    const seconds = (performance.now() - began_ms) / 1_000
    if (not_runnable.test(out)) throw new Error(`mutant "${mutant.name}" cannot be run:\n${out.slice(-4_000)}`)
    if (timed_out) return { mutant, noticed: "it never ends", seconds }
    if (code === 0) return { mutant, noticed: undefined, seconds }
    const [, sentence] = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/m.exec(out) ?? []
    if (sentence === undefined)
      throw new Error(`mutant "${mutant.name}": no test failed, but the run did:\n${out.slice(-4_000)}`)
    return { mutant, noticed: sentence, seconds }
  } finally {
    mend()
  }
}

/** Throws when a test fails without any mutant: then it could notice none. */
export const expectUnbroken = async (copy: Copy, noticed_by: string): Promise<void> => {
  if (noticed_by === seeds) return
  const { out, code } = await run(copy, noticed_by)
  if (code !== 0) throw new Error(`${noticed_by} fails without a mutant:\n${out.slice(-4_000)}`)
}

const run = async ({ folder }: Copy, noticed_by: string) => {
  const command =
    noticed_by === seeds
      ? ["test/mutants/seeds.ts"]
      : ["test", "--bail", "--timeout", String(test_ms_max), `./${noticed_by}`]
  const child = Bun.spawn([process.execPath, ...command], { cwd: folder, stdout: "pipe", stderr: "pipe" })
  const kill = () => child.kill("SIGKILL")
  let silence = setTimeout(kill, silent_ms_max)
  let out = ""
  const gather = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const bytes of stream) {
      out += decoder.decode(bytes, { stream: true })
      clearTimeout(silence)
      silence = setTimeout(kill, silent_ms_max)
    }
  }
  await Promise.all([gather(child.stdout), gather(child.stderr), child.exited])
  clearTimeout(silence)
  return { out, code: child.exitCode, timed_out: child.signalCode !== null }
}
