/**
 * SIGHUP while the server that was started by itself is still being loaded: as in `outlive-hangups.ts`. Nothing happens where a program
 * imports the server: what a SIGHUP means is that program's matter.
 */
import { fileURLToPath } from "node:url"

if (process.argv[1] === fileURLToPath(new URL("server.ts", import.meta.url))) process.on("SIGHUP", () => undefined)
