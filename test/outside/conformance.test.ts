/** What `akonis plugin check` finds, and what `akonis new plugin` writes. */
import { describe, expect, test } from "bun:test"
import { cpSync, mkdirSync, writeFileSync } from "node:fs"
import type * as Api from "akonis/plugin"
import type { Action, Plugin } from "akonis/plugin"
import { Effect } from "effect"
import { z } from "zod"
import { adapt } from "../../src/outside/adapt.ts"
import * as api from "../../src/outside/api.ts"
import { conformance } from "../../src/outside/check/conformance.ts"
import type { Row } from "../../src/outside/check/tried.ts"
import { loadDeclared, runTests } from "../../src/outside/load.ts"
import { scaffold } from "../../src/outside/new/scaffold.ts"
import { withRig } from "../../src/outside/rig.ts"
import { plugins } from "../../src/plugins/index.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"

const failedOf = (rows: readonly Row[]) => rows.flatMap(({ name, status }) => (status === "failed" ? [name] : []))

/** Everything that `akonis plugin check` does with a file. */
const checkFile = (path: string) =>
  Effect.gen(function* () {
    const declared = yield* loadDeclared(path)
    const rows = yield* Effect.promise(() => conformance(adapt(declared), declared.example ?? {}))
    return [...rows, ...(yield* runTests(path.replace(/\.ts$/, ".test.ts")))]
  })

describe("the conformance suite", () => {
  test("finds nothing wrong with examples/tag-detections, and runs its tests", () => {
    const name = "tag-detections"
    return onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        cpSync(`examples/${name}`, folder, { recursive: true })
        const rows = yield* checkFile(`${folder}/${name}.ts`)
        expect(failedOf(rows)).toEqual([])
        expect(rows.filter((row) => row.name.startsWith("test: ")).length).toBeGreaterThan(1)
      }),
    )
  })

  test("finds nothing wrong with a plugin that `akonis new plugin` writes, which is examples/ping-host under another name", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const files = scaffold("acme-tools")
        for (const [path, text] of Object.entries(files)) {
          if (path.startsWith("types/")) continue
          mkdirSync(folder, { recursive: true })
          writeFileSync(`${folder}/${path}`, text, { mode: 0o644 })
        }
        expect(Object.keys(files)).toContain("types/effect/Effect.d.ts")
        expect(Object.keys(files)).toContain("types/zod/LICENSE")
        expect(failedOf(yield* checkFile(`${folder}/acme-tools.ts`))).toEqual([])
      }),
    ))

  test("finds nothing wrong with a plugin that ships", async () => {
    const incidents = plugins.find(({ id }) => id === "incidents")!
    expect(failedOf(await conformance(incidents, {}))).toEqual([])
  })

  const acting = plugins.filter(({ actions }) => actions.length > 0).map(({ id }) => id)
  test.each(acting)("bears what Falcon should not list, in every action of %s", (id) => {
    const plugin = plugins.find((one) => one.id === id)!
    const falcon = () => Response.json({ resources: [null, 1, "x", {}, []], errors: [null] })
    return withRig(plugin, { config: {}, falcon }, (rig) =>
      Effect.forEach(plugin.actions, ({ slug, example }) =>
        Effect.map(
          Effect.promise(() => rig.act(slug, example)),
          ({ status }) => expect([slug, status]).not.toEqual([slug, 500]),
        ),
      ),
    )
  })

  const bad_action: Action = {
    slug: "bad",
    title: "Bad",
    description: "Believes everything.",
    arguments: z.object({ id: z.string() }),
    resource: z.object({ name: z.string() }),
    example: { id: "x" },
    scopes: ["Hosts: Write"],
    changes: true,
    destructive: false,
    idempotent: true,
    run: () =>
      Effect.gen(function* () {
        const falcon = yield* api.Falcon
        const { resources } = yield* falcon.request({
          name: "bad.read",
          method: "GET",
          path: "/devices/queries/devices/v1",
          idempotent: true,
          scopes: ["Hosts: Read"],
        })
        const names = resources.map((one) => (one as { name: string }).name.length)
        return { ...api.outcomeOfList(names, [], []), requested: 1, succeeded: 1 }
      }) as never,
  }
  let stray: ReturnType<typeof setInterval> | undefined
  const bad: Plugin = {
    api: 1,
    id: "bad",
    title: "Bad.",
    config: z.object({}),
    actions: [bad_action],
    enricher: {
      event_types: ["EppDetectionSummaryEvent"],
      fields: ["CompositeId"],
      pick: ({ event }) => JSON.stringify((event.CompositeId as string).toUpperCase()),
      enrich: () => Effect.succeed(["no event"]),
    },
    run: () =>
      Effect.sync(() => {
        stray ??= setInterval(() => undefined, 60_000)
      }),
    check: () => Effect.die(new Error("no")),
  }

  test("names what a plugin gets wrong", async () => {
    const failed = failedOf(await conformance(adapt(bad), {}))
    clearInterval(stray)
    expect(failed).toEqual([
      "bad: described",
      "bad: its example",
      "bad: wrong arguments",
      "bad: without its scopes",
      "bad: Falcon answers with nothing",
      "bad: Falcon answers with other things",
      "enricher: strange events",
      "enricher: events",
      "enricher: Falcon fails",
      "enricher: Falcon answers with a page",
      "enricher: Falcon answers with nothing",
      "enricher: Falcon answers with other things",
      "work: Falcon answers",
      "work: Falcon fails",
      "check",
    ])
  })
})

describe("the API for plugins from outside", () => {
  test("has what its types say, and nothing else", () => {
    const offered: Readonly<Record<keyof typeof Api, unknown>> = api
    expect(Object.keys(offered).sort()).toEqual([
      "ArgumentError",
      "Falcon",
      "FalconError",
      "NotEnriched",
      "Tenant",
      "api",
      "callInBulk",
      "defineAction",
      "definePlugin",
      "idsArgument",
      "outcomeOfList",
      "secret",
    ])
  })

  test("is what its types say: each of ours can be used as theirs", () => {
    const falcon = (given: typeof api.Falcon.Service): Api.FalconService => given
    const outcome = (given: ReturnType<typeof api.outcomeOfList>): Api.Outcome => given
    const error = (given: InstanceType<typeof api.FalconError>): Api.FalconFailure => given
    const call = (given: Parameters<typeof Api.callInBulk>[0]): Parameters<typeof api.callInBulk>[0] => given
    const secret = (given: NonNullable<ReturnType<typeof api.secret>["_zod"]["output"]>): Api.Secret => given
    expect([falcon, outcome, error, call, secret].map((same) => same.length)).toEqual([1, 1, 1, 1, 1])
  })
})
