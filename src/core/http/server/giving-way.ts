/** Whoever waits for the rest of a caller's body holds a descriptor: when those run short, they all stop waiting. */

const waiting = new Set<() => void>()

/** Calls `leave` when descriptors run short; what it answers takes that back. */
export const onShortage = (leave: () => void): (() => void) => {
  waiting.add(leave)
  return () => void waiting.delete(leave)
}

/** Descriptors have run short. */
export const giveWay = (): void => {
  for (const leave of waiting) leave()
}
