/** CrowdStrike's clouds (gofalcon `falcon/cloud.go`; us-3 is known to gofalcon only). */
export const clouds = {
  "us-1": "https://api.crowdstrike.com",
  "us-2": "https://api.us-2.crowdstrike.com",
  "us-3": "https://api.us-3.crowdstrike.com",
  "eu-1": "https://api.eu-1.crowdstrike.com",
  "us-gov-1": "https://api.laggar.gcw.crowdstrike.com",
  "us-gov-2": "https://api.us-gov-2.crowdstrike.mil",
} as const

type Region = keyof typeof clouds

/** API base URL of a region as `X-Cs-Region` names it; `undefined` for one we do not know. */
export const cloudUrl = (region: string): string | undefined => {
  const name = region.trim().toLowerCase()
  return Object.hasOwn(clouds, name) ? clouds[name as Region] : undefined
}
