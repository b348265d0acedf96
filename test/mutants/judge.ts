/** Judges one mutant: whether the test that must notice it fails. */
import type { Copy } from "./copy.ts"
import { type Mutant, seeds } from "./mutant.ts"

/**
 * `noticed`: a test said so. `survived`: the test passed. `hangs`: the test did not end, which says nothing about the promise: a test
 * has to fail, or the mutant has to be one that does not spin.
 */
export type Judgement = "noticed" | "survived" | "hangs"

export interface Verdict {
  readonly mutant: Mutant
  readonly judgement: Judgement
  /** The sentence of the test that failed or hangs; nothing when none did. */
  readonly sentence: string
  readonly seconds: number
}

/** When a test counts as one that hangs. Long, so that a machine that is busy with other work does not look like a mutant. */
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
    if (timed_out) return { mutant, judgement: "hangs", sentence: "nothing is printed any more", seconds }
    if (code === 0) return { mutant, judgement: "survived", sentence: "", seconds }
    const failed = failedTest(out)
    if (failed === undefined)
      throw new Error(`mutant "${mutant.name}": no test failed, but the run did:\n${out.slice(-4_000)}`)
    return { mutant, judgement: failed.hangs ? "hangs" : "noticed", sentence: failed.sentence, seconds }
  } finally {
    mend()
  }
}

/** The first test that failed, as `bun test` prints it, and whether that was because it did not end. */
export const failedTest = (out: string): { readonly sentence: string; readonly hangs: boolean } | undefined => {
  const [, sentence, after] = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$\n?(.*)/m.exec(out) ?? []
  return sentence === undefined ? undefined : { sentence, hangs: /^\s*\^ this test timed out/.test(after ?? "") }
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
