/** A name that leads to whichever server is the right one now: connections to the first port go to the port that the file holds. For tests in which servers change. */
import { readFileSync } from "node:fs"
import { connect, createServer } from "node:net"

const [port, file] = process.argv.slice(2) as [string, string]

createServer((socket) => {
  const onward = connect({ host: "127.0.0.1", port: Number(readFileSync(file, "utf8")) })
  for (const [from, to] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    from.pipe(to)
    from.on("error", () => to.destroy())
    from.on("close", () => to.destroy())
  }
}).listen(Number(port), "127.0.0.1")
