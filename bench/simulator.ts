/** The simulator as a process of its own: options in JSON as its argument, its URL as its first line. */
import { listen } from "../simulator/listen.ts"

const { url } = listen(JSON.parse(process.argv[2] ?? "{}"))
process.stdout.write(`${url}\n`)
