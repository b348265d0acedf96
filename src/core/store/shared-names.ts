/** Which files of a tenant's data folder all processes of a cluster have in common. */

const folders = ["dead-letters", "approvals", "runs", "guards"] as const

/** `app-id`, the audit log with its older parts, and what an inventory knows. `.new` is the draft of an atomic write. */
const files = /^(app-id|audit(\.\d+)?\.ndjson|[\w-]+\.known|[\w-]+\.removed\.ndjson)(\.new)?$/

/** Whether a shared name is that of a folder. */
export const isSharedFolder = (name: string): boolean => folders.some((folder) => folder === name)

/** The name of a path below a tenant's folder, where it is shared; `undefined` for everything else. */
export const sharedNameIn = (data_dir: string, path: string): string | undefined => {
  if (!path.startsWith(`${data_dir}/`)) return undefined
  const name = path.slice(data_dir.length + 1)
  const is_shared = files.test(name) || folders.some((folder) => name === folder || name.startsWith(`${folder}/`))
  return is_shared ? name : undefined
}
