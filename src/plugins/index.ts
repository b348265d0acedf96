/** What ships. The order is the order of pages and lists. */
import type { AnyPlugin } from "../core/plugin.ts"
import { eventStream } from "./event-stream/plugin.ts"

export const plugins: readonly AnyPlugin[] = [eventStream]
