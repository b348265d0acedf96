import { expect, test } from "bun:test"

test("who stops reading the output of a command causes no complaint", () => {
  const command = `"${process.execPath}" src/main.ts actions --json | head -n 1`
  const ran = Bun.spawnSync(["sh", "-c", command])
  expect([ran.exitCode, ran.stdout.toString(), ran.stderr.toString()]).toEqual([0, "[\n", ""])
})
