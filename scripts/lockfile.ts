/** What `bun.lock` says of the packages that the product is made of. */
import { readFileSync } from "node:fs"

export interface Locked {
  readonly name: string
  readonly version: string
  /** As the registry gives it: `sha512-…`. */
  readonly integrity: string
  /** Names of the packages that it needs. */
  readonly needs: readonly string[]
}

interface Lockfile {
  readonly workspaces: { readonly "": { readonly dependencies: Readonly<Record<string, string>> } }
  readonly packages: Readonly<Record<string, readonly [string, string, Needs, string]>>
}

interface Needs {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const lockfile = Bun.JSONC.parse(readFileSync(`${import.meta.dir}/../bun.lock`, "utf8")) as Lockfile

/** The packages that `package.json` names for running. */
export const direct: readonly string[] = Object.keys(lockfile.workspaces[""].dependencies).sort()

/** Those and all that they need, by name. What only builds and tests use is not among them. */
export const runtimePackages = (): readonly Locked[] => {
  const found = new Map<string, Locked>()
  const visit = (name: string): void => {
    const entry = lockfile.packages[name]
    if (entry === undefined || found.has(name)) return
    const [id, , { dependencies = {}, peerDependencies = {} }, integrity] = entry
    const wanted = Object.keys({ ...dependencies, ...peerDependencies })
    const needs = wanted.filter((one) => one in lockfile.packages).sort()
    found.set(name, { name, version: id.slice(id.lastIndexOf("@") + 1), integrity, needs })
    for (const one of needs) visit(one)
  }
  for (const name of direct) visit(name)
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** The version of a package, also of one that only builds. */
export const versionOf = (name: string): string => {
  const id = lockfile.packages[name]?.[0] ?? ""
  return id.slice(id.lastIndexOf("@") + 1)
}
