/** Which runtime this process has. What only one of them offers is used in this folder and nowhere else. */
export type RuntimeName = "bun" | "deno" | "node"

/** Anything that is neither Bun nor Deno counts as Node. */
export const runtime: RuntimeName = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node"
