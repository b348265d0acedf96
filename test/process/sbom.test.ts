import { expect, test } from "bun:test"
import { Spec, Validation } from "@cyclonedx/cyclonedx-library"
import { sbom } from "../../scripts/build/sbom.ts"
import { stamp } from "../../scripts/build/stamp.ts"
import { direct } from "../../scripts/lockfile.ts"

const root = `${import.meta.dir}/../..`
const commit = { commit: "0123456789ab", date: "2026-11-26T03:39:00Z" }

test("the bill of materials is one by CycloneDX's schema, and names Bun and every direct dependency", async () => {
  const bill = sbom("0.1.0", commit)
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
  expect(await validator.validate(JSON.stringify(bill))).toBeNull()
  const names = bill.components.map(({ name }) => name)
  for (const name of ["bun", ...direct]) expect(names).toContain(name)
  const refs = new Set(bill.dependencies.map(({ ref }) => ref))
  expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual([])
})

test("a bill that the schema does not know is noticed", async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
  expect(
    await validator.validate(JSON.stringify({ ...sbom("0.1.0", commit), components: [{ name: "no type" }] })),
  ).not.toBeNull()
})

test("the date of a build is the commit's, or SOURCE_DATE_EPOCH, and never today's", () => {
  expect(stamp(root, { SOURCE_DATE_EPOCH: "1764128340" }).date).toBe("2025-11-26T03:39:00Z")
  const of_commit = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: root }).stdout.toString().trim()
  expect(stamp(root, {}).date).toBe(new Date(Number(of_commit) * 1_000).toISOString().replace(".000Z", "Z"))
  expect(() => stamp(root, { SOURCE_DATE_EPOCH: "yesterday" })).toThrow("whole seconds")
})
