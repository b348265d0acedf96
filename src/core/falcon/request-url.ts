/** Builds the URL of an operation. */
import type { Operation } from "./operation.ts"

/** `operation.url`, or its path below `base_url`; its `query` is added and replaces keys of the same name. */
export const requestUrl = (operation: Operation, base_url: string): string => {
  const url = new URL(operation.url ?? base_url + operation.path)
  for (const [key, value] of Object.entries(operation.query ?? {})) {
    if (value === undefined) continue
    url.searchParams.delete(key)
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(key, String(one))
  }
  return url.href
}
