/** Who uses the shell. */
import { readFileSync } from "node:fs"
import { userInfo } from "node:os"
import { runtime } from "./runtime.ts"

/**
 * The name of the user that this process runs as, for audit lines and for whether somebody else approves a run. The system says it: Bun's
 * `userInfo` repeats the variable `USER`, which anybody may set, and knows no name without it. A user that is in no `/etc/passwd`
 * (a directory's, say) is named by its number, `uid-1234`.
 */
export const userName = (): string => {
  const { username, uid } = userInfo()
  // Windows has no numbers.
  if (runtime !== "bun" || uid < 0) return username
  return nameIn("/etc/passwd", uid) ?? `uid-${uid}`
}

const nameIn = (path: string, uid: number): string | undefined => {
  try {
    const users = readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"))
    return users.find(([, , number]) => number === String(uid))?.[0]
  } catch {
    return undefined
  }
}
