/** What Linux tells about processes: CPU time and memory, read from outside, so that it is the same for every subject. */
import { readFileSync } from "node:fs"

/** Linux shows CPU times in hundredths of a second, whatever the kernel's own tick is. */
export const tick_ms = 10

/** CPU time of a process, all threads. */
export interface CpuTime {
  /** In its own code. */
  readonly user_ms: number
  /** In the kernel, for it. */
  readonly system_ms: number
}

/** From the state on: the second field is the name in brackets, which may hold spaces. */
const statFields = (pid: number): readonly string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
}

export function cpuTime(pid: number): CpuTime {
  const fields = statFields(pid)
  return { user_ms: Number(fields[11]) * tick_ms, system_ms: Number(fields[12]) * tick_ms }
}

/** Pages that the kernel has mapped for a process so far, without those that it had to read from a disk. */
export function pageFaults(pid: number): number {
  return Number(statFields(pid)[7])
}

/** CPU time of a process, all threads, user and system, in ms. */
export function cpuMs(pid: number): number {
  const { user_ms, system_ms } = cpuTime(pid)
  return user_ms + system_ms
}

/** CPU time of a process and all that it has started, those that have ended included, in ms. */
export function treeCpuMs(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter((text) => text !== "")
  const ended = statFields(pid)
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * tick_ms, 0)
  // One may end while this looks: then it counts with the next look.
  const of = (child: string) => {
    try {
      return treeCpuMs(Number(child))
    } catch {
      return 0
    }
  }
  return cpuMs(pid) + ended + children.reduce((sum, child) => sum + of(child), 0)
}

/** CPU time of the whole machine that was not idle, in ms. */
export function machineCpuMs(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
    .split("\n", 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user! + nice! + system! + irq! + softirq! + steal!) * tick_ms
}

export interface Memory {
  readonly rss_mb: number
  /** Without the pages that only map files, such as the executable itself. */
  readonly anonymous_mb: number
  /** The most that it ever was. */
  readonly peak_mb: number
}

export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const mb = (key: string) => (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1_024) / 1e6
  return { rss_mb: mb("VmRSS"), anonymous_mb: mb("RssAnon"), peak_mb: mb("VmHWM") }
}

/** Ends the benchmark early where its source of figures is missing. */
export function requireLinux(): void {
  if (process.platform === "linux") return
  process.stderr.write("the benchmark reads /proc, so it needs Linux (a container will do)\n")
  process.exit(1)
}
