/** The command line: every entry of the product behind one executable. */
import "./outlive-hangups.ts"
import { makeCli } from "./akonis.ts"
import { outliveStrayErrors } from "./outside/stray-errors.ts"
import { plugins } from "./plugins/index.ts"
import { runProcess } from "./run-main.ts"

outliveStrayErrors()
runProcess(makeCli(plugins)(process.argv.slice(2)))
