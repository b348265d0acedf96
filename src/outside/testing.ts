/** `akonis/plugin/testing`: what the tests beside a plugin are written with. */
import strict from "node:assert/strict"
import type { Plugin } from "akonis/plugin"
import type { InFalconsPlace, Running } from "akonis/plugin/testing"
import { Effect } from "effect"
import { adapt } from "./adapt.ts"
import { type Rig, withRig } from "./rig.ts"

/** Of `node:assert/strict`. */
export const assert = strict

export interface DeclaredTest {
  readonly name: string
  readonly body: () => Promise<void>
}

const declared: DeclaredTest[] = []

/** Notes a test for whoever runs the file. */
export const test = (name: string, body: () => Promise<void>): void => {
  declared.push({ name, body })
}

/** The tests that were declared since this was asked last. */
export const takeTests = (): readonly DeclaredTest[] => declared.splice(0)

/** Runs `body` with the plugin in a whole Akonis, in front of a simulated tenant. */
export const withPlugin = (
  plugin: Plugin,
  options: { readonly config?: Readonly<Record<string, unknown>>; readonly falcon?: InFalconsPlace },
  body: (akonis: Running) => Promise<void>,
): Promise<void> => {
  const { config = plugin.example ?? {}, falcon } = options
  return withRig(adapt(plugin), { config, falcon }, (rig) =>
    Effect.gen(function* () {
      const { hosts } = yield* Effect.promise(rig.api)
      const run = Effect.runPromiseWith(yield* Effect.context<never>())
      const running: Running = {
        hosts: Object.values(hosts).map(({ agent_id, hostname }) => ({ device_id: agent_id, hostname })),
        calls: async () => (await rig.calls()).map(({ method, path }) => ({ method, path })),
        act: (slug, args, { dry_run = false } = {}) => rig.act(slug, args, dry_run ? "?dry_run=true" : ""),
        enrich: (event) => run(enriched(rig, event)),
      }
      yield* Effect.promise(() => body(running))
    }),
  )
}

/** What the enricher of the running plugin sends after an event. */
export const enriched = Effect.fnUntraced(function* ({ tenant }: Rig, event: unknown) {
  const [{ plugin, config }] = tenant.plugins as [Rig["tenant"]["plugins"][number]]
  if (plugin.enricher === undefined) throw new Error(`the plugin ${plugin.id} has no enricher`)
  const enricher = yield* Effect.scoped(Effect.provide(plugin.enricher(config), tenant.services))
  const noted = enricher.refOf(event)
  return noted === undefined ? [] : (yield* enricher.enrich(noted)).map((text) => JSON.parse(text) as unknown)
})
