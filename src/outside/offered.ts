/**
 * What a plugin from outside gets for its imports: the copies that this process runs, so that an `Effect` or a schema of the
 * plugin's is one of ours. Imported only when there is such a plugin, since it holds all of effect.
 */

import * as zod from "zod"
import * as api from "./api.ts"
import * as effect from "./effect.ts"

export const offered = { effect, zod, "akonis/plugin": api } as const
