import { describe, expect, test } from "bun:test"
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { Effect, Layer } from "effect"
import type { ActionServices, ArgumentError, Outcome } from "../../src/core/actions/action.ts"
import type { FalconError } from "../../src/core/falcon/errors.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { Tenant } from "../../src/core/tenant/identity.ts"
import { pushIocsForPrevention } from "../../src/plugins/iocs/push-iocs-for-prevention.ts"
import { temporaryFolder } from "../support/effect.ts"
import { act, callsOf, withFalcon } from "./support.ts"

const objects = [
  { type: "indicator", id: "indicator--1", pattern: "[file:hashes.MD5 = 'ab03a48a29967e738583140e6eb84f0b']" },
]
const secret = "the content of a file that is nobody's business"

/**
 * Runs a push on a real disk, with the product's own files: the folder for STIX files in a tenant's folder, and another tenant's
 * beside that. `stix_dir` moves the former, seen from the folder that holds all.
 */
const onDisk = (
  prepare: (folder: string, outside: string, root: string) => void,
  body: (
    push: (stix_objects_path: string) => Effect.Effect<Outcome, FalconError | ArgumentError, ActionServices>,
  ) => Effect.Effect<void, FalconError | ArgumentError, ActionServices>,
  stix_dir?: string,
) =>
  withFalcon({}, (simulator) =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      const data_dir = `${root}/tenant`
      const folder = `${data_dir}/stix`
      const outside = `${root}/tenant-2`
      for (const one of [data_dir, folder, outside]) mkdirSync(one)
      for (const one of [data_dir, outside]) writeFileSync(`${one}/objects.json`, JSON.stringify(objects))
      writeFileSync(`${data_dir}/lock`, secret)
      prepare(folder, outside, root)
      const moved = stix_dir === undefined ? {} : { stix_dir: `${root}/${stix_dir}` }
      const disk = Layer.mergeAll(layerFiles, Layer.succeed(Tenant, { id: "default", data_dir, ...moved }))
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
    ["/etc/hostname", "below the folder for STIX files"],
    ["C:\\objects.json", "below the folder for STIX files"],
    ["objects.json\0", "below the folder for STIX files"],
    ["link-to-file", "outside"],
    ["link-to-folder/objects.json", "outside"],
    ["folder", "a folder, no regular file"],
    ["../lock", "without `..`"],
    ["lock", "no such file"],
    ["objects.json", "no such file"],
    ["link-to-lock", "outside"],
    ["hard-link-to-lock", "second name"],
    ["pipe", "a named pipe, no regular file"],
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
          symlinkSync("../lock", `${folder}/link-to-lock`)
          linkSync(`${folder}/../lock`, `${folder}/hard-link-to-lock`)
          Bun.spawnSync(["mkfifo", `${folder}/pipe`])
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

  test("may be in a folder that the configuration names, as a playbook runtime shares it", async () => {
    await onDisk(
      (_, __, root) => {
        mkdirSync(`${root}/symphony/run-1`, { recursive: true })
        writeFileSync(`${root}/symphony/run-1/objects.json`, JSON.stringify(objects))
      },
      (push) =>
        Effect.gen(function* () {
          expect(yield* push("run-1/objects.json")).toMatchObject({ succeeded: 1 })
        }),
      "symphony",
    )
  })

  test.each([
    ["the data folder itself", "tenant"],
    ["a folder above it", "."],
    ["a folder in it", "tenant/dead-letters"],
    ["a link to it", "link"],
  ])("is never read where akonis keeps its own: %s", async (_, stix_dir) => {
    await onDisk(
      (folder, __, root) => {
        mkdirSync(`${folder}/../dead-letters`)
        writeFileSync(`${folder}/../dead-letters/objects.json`, JSON.stringify(objects))
        symlinkSync(`${root}/tenant`, `${root}/link`)
      },
      (push) =>
        Effect.gen(function* () {
          expect((yield* Effect.flip(push("objects.json"))).message).toContain("holds files of akonis")
        }) as Effect.Effect<void, never, ActionServices>,
      stix_dir,
    )
  })

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
