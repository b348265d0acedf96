import { describe, expect, test } from "bun:test"
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import type { ActionServices, ArgumentError, Outcome } from "../../src/core/actions/action.ts"
import type { FalconError } from "../../src/core/falcon/errors.ts"
import { Tenant } from "../../src/core/tenant.ts"
import { pushIocsForPrevention } from "../../src/plugins/iocs/push-iocs-for-prevention.ts"
import { temporaryFolder } from "../support/effect.ts"
import { act, callsOf, withFalcon } from "./support.ts"

const objects = [
  { type: "indicator", id: "indicator--1", pattern: "[file:hashes.MD5 = 'ab03a48a29967e738583140e6eb84f0b']" },
]
const secret = "the content of a file that is nobody's business"

/** Runs a push on a real disk: a tenant's folder, with another folder beside it. */
const onDisk = (
  prepare: (folder: string, outside: string) => void,
  body: (
    push: (stix_objects_path: string) => Effect.Effect<Outcome, FalconError | ArgumentError, ActionServices>,
  ) => Effect.Effect<void, FalconError | ArgumentError, ActionServices>,
) =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      const folder = `${root}/tenant`
      const outside = `${root}/tenant-2`
      for (const one of [folder, outside]) mkdirSync(one)
      writeFileSync(`${outside}/objects.json`, JSON.stringify(objects))
      prepare(folder, outside)
      const disk = Layer.mergeAll(NodeFileSystem.layer, Layer.succeed(Tenant, { id: "default", data_dir: folder }))
      yield* Effect.provide(
        body((stix_objects_path) => act(pushIocsForPrevention, { stix_objects_path })),
        disk,
      )
      return yield* callsOf(simulator)
    }),
  )

describe("a file of STIX objects", () => {
  for (const [name, content] of [
    ["a list", JSON.stringify(objects)],
    ["a bundle", JSON.stringify({ type: "bundle", objects })],
  ] as const) {
    test(`may be ${name}, in a folder, behind a link that stays inside`, async () => {
      const calls = await onDisk(
        (folder) => {
          mkdirSync(`${folder}/deep`)
          writeFileSync(`${folder}/deep/objects.json`, content)
          symlinkSync(`${folder}/deep`, `${folder}/link`)
        },
        (push) =>
          Effect.gen(function* () {
            expect(yield* push("deep/objects.json")).toMatchObject({ succeeded: 1, failed: 0 })
            expect(yield* push("link/objects.json")).toMatchObject({ succeeded: 1, failed: 0 })
          }),
      )
      expect(calls.length).toBeGreaterThan(0)
    })
  }

  const refused: readonly (readonly [path: string, message: string])[] = [
    ["../tenant-2/objects.json", "without `..`"],
    ["deep/../../tenant-2/objects.json", "without `..`"],
    ["..\\tenant-2\\objects.json", "without `..`"],
    ["/etc/hostname", "below the tenant's data folder"],
    ["C:\\objects.json", "below the tenant's data folder"],
    ["objects.json\0", "below the tenant's data folder"],
    ["link-to-file", "outside"],
    ["link-to-folder/objects.json", "outside"],
    ["folder", "no file"],
    [".", "outside"],
    ["missing.json", "no such file"],
    ["large.json", "larger than"],
    ["secret.txt", "neither a JSON array"],
    ["object.json", "neither a JSON array"],
  ]
  for (const [path, message] of refused) {
    test(`is refused: ${JSON.stringify(path)}`, async () => {
      const calls = await onDisk(
        (folder, outside) => {
          mkdirSync(`${folder}/folder`)
          mkdirSync(`${folder}/deep`)
          symlinkSync(`${outside}/objects.json`, `${folder}/link-to-file`)
          symlinkSync(outside, `${folder}/link-to-folder`)
          writeFileSync(`${folder}/large.json`, "")
          truncateSync(`${folder}/large.json`, 64 * 1024 * 1024 + 1)
          writeFileSync(`${folder}/secret.txt`, secret)
          writeFileSync(`${folder}/object.json`, "{}")
        },
        (push) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(push(path))
            expect(error).toMatchObject({ _tag: "ArgumentError", field: "stix_objects_path" })
            expect(error.message).toContain(message)
            expect(JSON.stringify(error)).not.toContain(secret.slice(0, 10))
          }) as Effect.Effect<void, never, ActionServices>,
      )
      expect(calls).toEqual([])
    })
  }

  test("and objects in the request exclude each other, and one is needed", () =>
    withFalcon({}, (simulator) =>
      Effect.gen(function* () {
        for (const args of [{}, { stix_objects_path: "a", stix_objects: [] }]) {
          expect(yield* Effect.flip(act(pushIocsForPrevention, args))).toMatchObject({ _tag: "ArgumentError" })
        }
        expect(yield* callsOf(simulator)).toEqual([])
      }),
    ))
})
