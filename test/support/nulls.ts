/** Values with `null` in one place: Falcon writes it where a thing is not there, and its documents do not say where that may be. */

/** The keys on the way to a value. */
export type Place = readonly (string | number)[]

/** Places within a value, those of a list's first entry only. */
export const placesIn = (value: unknown): readonly Place[] => {
  if (typeof value !== "object" || value === null) return []
  const entries = Array.isArray(value) ? [...value.slice(0, 1).entries()] : Object.entries(value)
  return entries.flatMap(([key, one]) => [[key], ...placesIn(one).map((place) => [key, ...place])])
}

/** A copy with `null` at a place. */
export const withNull = (value: unknown, [key, ...rest]: Place): unknown => {
  if (key === undefined) return null
  const copy = (Array.isArray(value) ? [...value] : { ...Object(value) }) as Record<string | number, unknown>
  if (key in copy) copy[key] = withNull(copy[key], rest)
  return copy
}
