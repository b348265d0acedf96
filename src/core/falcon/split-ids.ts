/** Splits lists of ids into what one call may carry. */
import { falcon } from "./limits.ts"

/** Characters of `&ids=`, which precedes every id in a URL. */
const key_chars = 5

/**
 * The distinct `ids` in their order, in groups of at most `max`. With `in_query` a group also fits into a URL:
 * floor(query_chars_max / (longest id + 5)) ids, counted after percent-encoding (PSFalcon does the same with 18500).
 */
export const splitIds = (
  ids: readonly string[],
  max: number,
  options?: { readonly in_query?: boolean },
): readonly (readonly string[])[] => {
  const distinct = [...new Set(ids)]
  const size = Math.max(1, options?.in_query === true ? Math.min(max, fitInQuery(distinct)) : max)
  const groups: string[][] = []
  for (let at = 0; at < distinct.length; at += size) groups.push(distinct.slice(at, at + size))
  return groups
}

/** Both halves of a list, the first one not the shorter. */
export const halves = <A>(list: readonly A[]): readonly [readonly A[], readonly A[]] => {
  const middle = Math.ceil(list.length / 2)
  return [list.slice(0, middle), list.slice(middle)]
}

const fitInQuery = (ids: readonly string[]): number => {
  const longest = ids.reduce((most, id) => Math.max(most, encodeURIComponent(id).length), 1)
  return Math.floor(falcon.query_chars_max / (longest + key_chars))
}
