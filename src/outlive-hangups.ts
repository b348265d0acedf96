/**
 * SIGHUP while a process that runs for long is still being loaded. It would end it, since nobody listens yet; what it asks for happens
 * anyway, since the configuration is read after this. Every other command ends by it, as when its terminal is closed. The first import
 * of the entry: nothing else is loaded before it.
 */

const own_value = ["--config"]
const runs_for_long = ["run", "serve", "worker"]

/** Whether these arguments start what runs until it is told to stop; without a command it is `run`. */
const isLong = (args: readonly string[]): boolean => {
  const [command] = args.filter((arg, at) => !arg.startsWith("-") && !own_value.includes(args[at - 1] ?? ""))
  return command === undefined || runs_for_long.includes(command)
}

if (isLong(process.argv.slice(2))) process.on("SIGHUP", () => undefined)
