/** What Falcon takes in one call of the lookups of incidents and behaviors. */
export const per_call = {
  /** No maximum is documented; PSFalcon sends 500. */
  incidents: 500,
} as const
