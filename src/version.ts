import manifest from "../package.json" with { type: "json" }

/** Put in by the build; from source there is neither. */
declare const BUILD_COMMIT: string | undefined
declare const BUILD_DATE: string | undefined

/** As in package.json. */
export const version: string = manifest.version

/** Which build this is. Empty texts from source. */
export const build = {
  /** Twelve digits of the commit; `-dirty` behind them when the sources were not exactly that commit's. */
  commit: typeof BUILD_COMMIT === "undefined" ? "" : BUILD_COMMIT,
  /** When it was built, ISO 8601: the time of the commit, so that builds of one commit are equal. */
  date: typeof BUILD_DATE === "undefined" ? "" : BUILD_DATE,
} as const

/** For people: `0.1.0 (commit 5d28b15c0f1a, built 2026-11-26T03:39:00Z)`. */
export const version_text: string = `${version} (${
  [build.commit && `commit ${build.commit}`, build.date && `built ${build.date}`].filter(Boolean).join(", ") ||
  "from source"
})`
