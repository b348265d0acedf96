/** Tests of a plugin: `<name>.test.ts` beside `<name>.ts`, run by `akonis plugin check <name>.ts`. */
declare module "akonis/plugin/testing" {
  import type { Plugin } from "akonis/plugin"

  /** Those of `node:assert/strict`. */
  export const assert: {
    ok(value: unknown, message?: string): asserts value
    equal(actual: unknown, expected: unknown, message?: string): void
    deepEqual(actual: unknown, expected: unknown, message?: string): void
    match(text: string, pattern: RegExp, message?: string): void
    rejects(promise: Promise<unknown>, error?: RegExp, message?: string): Promise<void>
  }

  /** Declares a test. It fails when what `body` gives is rejected. */
  export function test(name: string, body: () => Promise<void>): void

  /** Runs `body` with the plugin in a whole Akonis, in front of a simulated Falcon tenant. Waiting takes no time. */
  export function withPlugin(
    // biome-ignore lint/suspicious/noExplicitAny: a plugin of any configuration.
    plugin: Plugin<any>,
    options: {
      /** The keys below `plugins.<id>`; the plugin's `example` when left out. */
      readonly config?: Readonly<Record<string, unknown>>
      readonly falcon?: InFalconsPlace
    },
    body: (akonis: Running) => Promise<void>,
  ): Promise<void>

  /** Answers a call in Falcon's place; `undefined` leaves it to the simulator. */
  export type InFalconsPlace = (request: Request) => Response | undefined | Promise<Response | undefined>

  export interface Running {
    /** `POST /actions/<slug>`. */
    readonly act: (
      slug: string,
      args: unknown,
      options?: { readonly dry_run?: boolean },
    ) => Promise<{ readonly status: number; readonly body: unknown }>
    /** What the enricher sends after an event, parsed; `[]` when it wants nothing of it. */
    readonly enrich: (event: unknown) => Promise<readonly unknown[]>
    /** Ids and names of the simulated tenant's hosts. */
    readonly hosts: readonly { readonly device_id: string; readonly hostname: string }[]
    /** Calls that have reached Falcon, tokens left out. */
    readonly calls: () => Promise<readonly { readonly method: string; readonly path: string }[]>
  }
}
