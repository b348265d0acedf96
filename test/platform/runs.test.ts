import { describe, expect, test } from "bun:test"
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import type { ApiState } from "../../simulator/api/state.ts"
import { type Live, withLive } from "./live.ts"

const stateOf = async ({ falcon }: Live) => (await (await fetch(`${falcon.url}/_sim/api`)).json()) as ApiState
const acts = async (live: Live) => (await stateOf(live)).requests.filter(({ path }) => path.includes("devices-actions"))

const stix = (md5: string) => ({
  type: "indicator",
  id: "indicator--6a1f2c1e-7f0b-4d5e-9d53-2f4b8c1f0a11",
  pattern_type: "stix",
  pattern: `[file:hashes.MD5 = '${md5}']`,
})

describe("a run on a data path", () => {
  test("that is started twice under one uuid answers as the first one did, and acts once", () =>
    withLive({ simulator: { hosts: 5 } }, async (live) => {
      const ids = Object.keys((await stateOf(live)).hosts).slice(0, 1)
      const settings = { arguments: { ids }, node_run_uuid: "7e2b6a6e-1c0a-4b8a-9d57-1f2f3a4b5c6d" }
      await live.start("isolate_hosts", settings).ended
      const first = live.platform.end()?.results
      expect(first).toMatchObject({ outcome: "success" })
      expect(live.platform.end()?.logs).toMatch(
        /^[-\d]{10} [:.\d]{15}: info: isolate_endpoints: 1 of 1 done - Context: \{/m,
      )
      await live.start("isolate_hosts", settings).ended
      expect(live.platform.end()?.results).toEqual(first!)
      expect((await acts(live)).length).toBe(1)
    }))

  test("takes away what runs of days ago have left", () =>
    withLive({ simulator: { hosts: 5 } }, async (live) => {
      const old = `${live.data}/.akonis/journals/of-long-ago`
      mkdirSync(old, { recursive: true })
      utimesSync(old, 1_000_000_000, 1_000_000_000)
      const ids = Object.keys((await stateOf(live)).hosts).slice(0, 1)
      await live.start("isolate_hosts", { arguments: { ids }, node_run_uuid: "a-run" }).ended
      expect(readdirSync(`${live.data}/.akonis/journals`).length).toBe(1)
      expect(readdirSync(`${live.data}/.akonis/journals`)).not.toContain("of-long-ago")
    }))

  test("that cannot be written is carried out all the same, and its log says what is not kept", () =>
    withLive({ simulator: { hosts: 5 } }, async (live) => {
      writeFileSync(`${live.data}/file`, "")
      const ids = Object.keys((await stateOf(live)).hosts).slice(0, 1)
      const settings = { arguments: { ids }, sub_folder: "file/1", node_run_uuid: "a-run" }
      expect((await live.start("isolate_hosts", settings).ended)._tag).toBe("Success")
      expect(live.platform.end()?.results).toMatchObject({ outcome: "success" })
      expect(live.platform.end()?.logs).toContain("go with the container")
    }))

  test("reads STIX objects of a file in the data path of the playbook, and of no other place", () =>
    withLive({}, async (live) => {
      mkdirSync(`${live.data}/runs/1`, { recursive: true })
      writeFileSync(`${live.data}/runs/1/stix.json`, JSON.stringify([stix("ab03a48a29967e738583140e6eb84f0b")]))
      writeFileSync(`${live.data}/secret.json`, JSON.stringify([stix("00000000000000000000000000000000")]))
      symlinkSync(`${live.data}/secret.json`, `${live.data}/runs/1/link.json`)
      const push = async (stix_objects_path: string) => {
        await live.start("push_iocs_block", { arguments: { stix_objects_path }, sub_folder: "runs/1" }).ended
        return live.platform.end()
      }
      expect((await push("stix.json"))?.results).toMatchObject({ outcome: "success", counts: { succeeded: 1 } })
      for (const path of ["../../secret.json", "/etc/hostname", "link.json", "absent.json", ".akonis/audit.ndjson"]) {
        const refused = await push(path)
        expect(refused?.results).toBeUndefined()
        expect(refused?.error).toContain("stix_objects_path")
      }
    }))
})

describe("the module", () => {
  test.each([
    ["a command that there is not", "isolate_everything", {}, "isolate_everything"],
    ["data in a bucket that is not named", "get_incidents", { file_backend: "S3" }, "aws_bucket_name"],
    ["a data path that leads out", "get_incidents", { sub_folder: "../x" }, "sub_folder"],
    ["no token", "get_incidents", { token: "" }, "token"],
    ["a callback that is no URL", "get_incidents", { url_callback: "callback" }, "url_callback"],
  ])("refuses %s, and says so", (_, docker_parameters, settings, word) =>
    withLive({}, async (live) => {
      const exit = await live.start(docker_parameters, settings).ended
      expect(exit._tag).toBe("Failure")
      expect(JSON.stringify(exit)).toContain(word)
      expect(live.platform.calls).toEqual([])
    }),
  )
})
