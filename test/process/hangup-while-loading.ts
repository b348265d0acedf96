/** Preloaded by a process of the product: sends it SIGHUP while its modules are evaluated. */
import { readFileSync } from "node:fs"

Bun.plugin({
  name: "hangup while loading",
  setup: (build) => {
    build.onLoad({ filter: /\/src\/version\.ts$/ }, ({ path }) => ({
      contents: `process.kill(process.pid, "SIGHUP")\nprocess.stderr.write("SIGHUP while loading\\n")\n${readFileSync(path, "utf8")}`,
      loader: "ts",
    }))
  },
})
