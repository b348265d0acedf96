/** Why both actions fail: CrowdStrike has withdrawn the API behind them. */

/** elastic/integrations issue 20516 gives the day; falcon-mcp issue 368 what took its place. */
export const retired = {
  since: "2026-03-09",
  successor: "Cases: the actions search_cases and get_cases (POST /cases/entities/cases/v2 with the scope Cases: Read)",
} as const

export const scopes = ["Incidents: Read"]
