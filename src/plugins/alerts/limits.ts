/** What Falcon takes in one call of the alert actions. */
export const per_call = {
  /** More composite ids in one PATCH are answered with 413 (falcon-mcp, PSFalcon); PSFalcon keeps the lookup to it as well. */
  alerts: 1_000,
} as const
