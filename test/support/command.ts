/** `akonis` as a process of its own that ends by itself. */
/** The command line, from source. */
export const main = `${import.meta.dir}/../../src/main.ts`

export interface Ended {
  readonly out: string
  readonly err: string
  readonly status: number
}

/** Runs a command from source. Of this process's environment it gets no more than a shell needs. */
export const runAkonis = async (
  args: readonly string[],
  { cwd, env, input = "" }: { readonly cwd: string; readonly env: Record<string, string>; readonly input?: string },
): Promise<Ended> => {
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, err, status }
}
