/**
 * What a machine must allow so that a chaos run can disturb it: mounts that nobody else sees, limits of other processes, a
 * clock of its own. What it does not allow is said, never left out in silence.
 */
import { spawnSync } from "node:child_process"
import { closeSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs"

const inside = "AKONIS_CHAOS_INSIDE"

const runs = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: "ignore" }).status === 0

/**
 * Starts this program again in a mount namespace of its own, where that is possible, and ends with its status. Whatever is
 * mounted there is gone with its last process, however that ends.
 */
export const enterNamespace = (): void => {
  if (process.env[inside] !== undefined) return
  const ways = [["--mount"], ["--mount", "--map-root-user"]]
  const way = ways.find((flags) => runs("unshare", ...flags, "true"))
  if (way === undefined) return
  const { status } = spawnSync("unshare", [...way, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [inside]: "1" },
  })
  process.exit(status ?? 1)
}

const mount = (...args: string[]): boolean => process.env[inside] !== undefined && runs("mount", ...args)

/** A file system of its own for a folder, small enough to be filled. */
export interface SmallDisk {
  readonly fill: () => void
  readonly clear: () => void
}

const disk_mb = 64

/** `undefined` where nothing can be mounted. */
export const smallDisk = (folder: string): SmallDisk | undefined => {
  if (!mount("-t", "tmpfs", "-o", `size=${disk_mb}m`, "tmpfs", folder)) return undefined
  const ballast = `${folder}/ballast`
  return {
    fill: () => {
      const descriptor = openSync(ballast, "w")
      // Smaller and smaller pieces, until not even a byte fits.
      for (let piece = 1_048_576; piece >= 1; piece /= 2) {
        try {
          for (;;) writeSync(descriptor, new Uint8Array(piece))
        } catch {}
      }
      closeSync(descriptor)
    },
    clear: () => rmSync(ballast, { force: true }),
  }
}

/** Takes the small disk away, so that its folder can be removed. */
export const unmount = (folder: string): void => void runs("umount", "--lazy", folder)

/** Names that resolve to this machine, until they are forgotten. */
export interface Names {
  readonly know: () => void
  readonly forget: () => void
}

/** `undefined` where `/etc/hosts` cannot be covered by a file of ours. */
export const ownNames = (file: string, names: readonly string[]): Names | undefined => {
  const write = (known: readonly string[]) => writeFileSync(file, ["127.0.0.1 localhost", ...known, ""].join("\n"))
  const know = () => write(names.map((name) => `127.0.0.1 ${name}`))
  know()
  if (!mount("--bind", file, "/etc/hosts")) return undefined
  return { know, forget: () => write([]) }
}

/** A clock that goes as told, for processes with this environment. */
export interface OwnClock {
  readonly env: Readonly<Record<string, string>>
  /** Moves it, from what it really is. Noticed within a second. */
  readonly move: (seconds: number) => void
}

/** By libfaketime (Debian's package `faketime`); `undefined` where it is not installed. */
export const ownClock = (file: string): OwnClock | undefined => {
  const library = ["/usr/lib", "/usr/local/lib"].flatMap(libraries)[0]
  if (library === undefined) return undefined
  const move = (seconds: number) => writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}\n`)
  move(0)
  const settings = { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" }
  return { env: { LD_PRELOAD: library, ...settings }, move }
}

const libraries = (folder: string): string[] => {
  try {
    const found = readdirSync(folder).map((name) => `${folder}/${name}/faketime/libfaketimeMT.so.1`)
    return [...found, `${folder}/faketime/libfaketimeMT.so.1`].filter((path) => runs("test", "-f", path))
  } catch {
    return []
  }
}

export const canLimit = (): boolean => runs("prlimit", "--version")

/** Lets a process open no more than it has open, until the function that comes back is called. */
export const exhaustDescriptors = (pid: number): (() => void) => {
  const open = readdirSync(`/proc/${pid}/fd`).length
  runs("prlimit", "--pid", String(pid), `--nofile=${open}:`)
  return () => void runs("prlimit", "--pid", String(pid), "--nofile=4096:")
}
