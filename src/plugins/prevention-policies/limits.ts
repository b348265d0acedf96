/** What Falcon takes in one call of the policy actions. */
export const per_call = {
  /** Ids to look up or delete: no maximum is documented; PSFalcon sends 500. In a URL its length may allow fewer. */
  policies: 500,
  /** Rows to create or change: no maximum is documented; PSFalcon sends 100. */
  policy_rows: 100,
  /** The list of an action on policies may hold one id (falconpy issue 701). */
  policy_action: 1,
} as const

/** What one policy action may be asked for. */
export const policy_args = {
  /** Policies created or changed by one action: ten calls' worth. */
  policy_rows_max: 5_000,
  /** Differences that one row error names, and characters of a setting's name or value in it. */
  differences_max: 10,
  setting_chars_max: 100,
} as const
