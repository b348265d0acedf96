/** What a mutant is: one promise of the product, broken on purpose in one place of its source. */

/** How the seeded worlds of `test/simulation` are named where a test file is named otherwise. */
export const seeds = "seeds"

export interface Mutant {
  /** What is broken; `bun run mutants` takes it as an argument. */
  readonly name: string
  /** The promise that no longer holds, in one sentence. */
  readonly promise: string
  /** The page or the source file whose text makes the promise. */
  readonly page: string
  /** The file that is broken. */
  readonly file: string
  /** Occurs in the file exactly once; short, so that it survives what does not concern it. */
  readonly find: string
  readonly replace: string
  /** The test file that must fail, or {@link seeds}. */
  readonly noticed_by: string
}

type Place = Pick<Mutant, "file"> & Partial<Pick<Mutant, "page" | "noticed_by">>
type Break = Pick<Mutant, "name" | "promise" | "find" | "replace"> & Partial<Pick<Mutant, "page" | "noticed_by">>

/** The mutants of one file; what they have in common is said once. A page that none names is the file itself: its docstrings. */
export const breaks = (place: Place, list: readonly Break[]): readonly Mutant[] =>
  list.map((one) => ({ page: place.file, noticed_by: seeds, ...place, ...one }))
