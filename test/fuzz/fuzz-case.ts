/** One rule that has to hold for whatever comes: run by the suite with a few fixed inputs, by `bun run fuzz` without end. */
import fc from "fast-check"

export interface FuzzCase {
  /** A sentence. */
  readonly name: string
  /** Inputs that the suite tries. */
  readonly runs: number
  /** Tries inputs until one breaks the rule, or the parameters say that it is enough. */
  readonly check: (parameters: FuzzParameters) => Promise<Verdict>
}

interface FuzzParameters {
  readonly seed: number
  readonly numRuns: number
  readonly interruptAfterTimeLimit?: number
}

interface Verdict {
  readonly runs: number
  /** What broke the rule, smallest input first; `undefined` when nothing did. */
  readonly failure: string | undefined
}

type Property<A> = fc.IProperty<A> | fc.IAsyncProperty<A>

/** `around` prepares what the property needs and clears it away; it has to call its argument once. */
export const fuzzCase = <A>(
  name: string,
  runs: number,
  property: Property<A>,
  around: (body: () => Promise<void>) => Promise<void> = (body) => body(),
): FuzzCase => ({
  name,
  runs,
  check: async (parameters) => {
    let verdict: Verdict | undefined
    await around(async () => {
      const details = await fc.check(property as fc.IAsyncProperty<A>, { ...parameters, includeErrorInReport: true })
      verdict = { runs: details.numRuns, failure: details.failed ? fc.defaultReportMessage(details) : undefined }
    })
    if (verdict === undefined) throw new Error(`"${name}" was never tried`)
    return verdict
  },
})
