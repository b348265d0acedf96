/** Every mutant, by what it breaks. */
import { assets } from "./assets.ts"
import { delivery } from "./delivery.ts"
import { enrichment } from "./enrichment.ts"
import type { Mutant } from "./mutant.ts"
import { records } from "./records.ts"
import { refusals } from "./refusals.ts"

export const mutants: readonly Mutant[] = [...delivery, ...refusals, ...enrichment, ...assets, ...records]
