/** Every mutant, by what it breaks. */
import { absences } from "./absences.ts"
import { actions } from "./actions.ts"
import { assets } from "./assets.ts"

import { checks } from "./checks.ts"
import { cluster } from "./cluster.ts"

import { cuts } from "./cuts.ts"

import { delivery } from "./delivery.ts"
import { door } from "./door.ts"
import { enrichment } from "./enrichment.ts"
import { guard_rails } from "./guards.ts"
import { hot_path } from "./hot-path.ts"
import { iocs } from "./iocs.ts"
import type { Mutant } from "./mutant.ts"
import { network } from "./network.ts"
import { operate } from "./operate.ts"
import { other_answers } from "./other-answers.ts"
import { outside } from "./outside.ts"
import { platform } from "./platform.ts"
import { records } from "./records.ts"
import { refusals } from "./refusals.ts"
import { reload } from "./reload.ts"
import { runtimes } from "./runtimes.ts"
import { scale } from "./scale.ts"
import { store } from "./store.ts"
import { texts } from "./text.ts"
import { traces } from "./traces.ts"

export const mutants: readonly Mutant[] = [
  ...absences,
  ...checks,
  ...cluster,
  ...delivery,
  ...hot_path,
  ...refusals,
  ...enrichment,
  ...assets,
  ...records,
  ...actions,
  ...guard_rails,
  ...iocs,
  ...door,
  ...network,
  ...operate,
  ...other_answers,
  ...outside,
  ...platform,
  ...reload,
  ...runtimes,
  ...scale,
  ...texts,
  ...traces,
  ...store,
  ...cuts,
]
