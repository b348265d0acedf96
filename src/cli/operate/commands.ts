/** The commands of who operates a running process. */
import { config } from "./config.ts"
import { reload } from "./reload.ts"
import { health, status, top } from "./status.ts"
import { support } from "./support.ts"
import { tap } from "./tap.ts"

export const operating = [config, health, status, top, tap, reload, support] as const
