import { expect, test } from "bun:test"
import { within } from "./waiting.ts"

test("who stops reading the output of a command causes no complaint", () => {
  const command = `"${process.execPath}" src/main.ts actions --json | head -n 1`
  const ran = Bun.spawnSync(["sh", "-c", command])
  expect([ran.exitCode, ran.stdout.toString(), ran.stderr.toString()]).toEqual([0, "[\n", ""])
})

test("a tap ends, and frees its place, once nobody reads it any more", async () => {
  const left = Promise.withResolvers<void>()
  const events = () =>
    new ReadableStream({
      pull: (to) => Bun.sleep(10).then(() => to.enqueue(Buffer.from('{"event":1}\n'))),
      cancel: () => left.resolve(),
    })
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(events()) })
  const env = { ...process.env, AKONIS_TOKEN: "a-token-of-16-characters" }
  const command = `"${process.execPath}" src/main.ts tap --url ${server.url.origin} | head -n 1`
  const ran = Bun.spawn(["sh", "-c", command], { env, stdout: "pipe", stderr: "pipe" })
  await within("the end of the tap", left.promise, 60_000).finally(() => ran.kill())
  const said = [await new Response(ran.stdout).text(), await new Response(ran.stderr).text()]
  await server.stop(true)
  expect(said).toEqual(['{"event":1}\n', ""])
})
