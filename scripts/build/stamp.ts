/** What is stamped into an executable: the same for every build of one commit, on whichever machine and day. */

export interface Stamp {
  /** Twelve digits of the commit, `-dirty` behind them when files differ from it; empty outside of a checkout. */
  readonly commit: string
  /** When it was built, ISO 8601: the time of the commit, or `SOURCE_DATE_EPOCH`; empty when nothing tells. */
  readonly date: string
}

/** Asks git about the checkout below a folder. */
export const stamp = (root: string, env: Readonly<Record<string, string | undefined>> = process.env): Stamp => {
  const git = (...args: string[]): string => {
    try {
      const { exitCode, stdout } = Bun.spawnSync(["git", ...args], { cwd: root, stderr: "ignore" })
      return exitCode === 0 ? stdout.toString().trim() : ""
    } catch {
      return ""
    }
  }
  const commit = git("rev-parse", "--short=12", "HEAD")
  const is_dirty = commit !== "" && git("status", "--porcelain", "--untracked-files=no") !== ""
  const epoch = env.SOURCE_DATE_EPOCH?.trim() || git("log", "-1", "--format=%ct")
  if (epoch !== "" && !/^\d{1,11}$/.test(epoch)) throw new Error("SOURCE_DATE_EPOCH must be whole seconds since 1970")
  const date = epoch === "" ? "" : new Date(Number(epoch) * 1_000).toISOString().replace(".000Z", "Z")
  return { commit: is_dirty ? `${commit}-dirty` : commit, date }
}
