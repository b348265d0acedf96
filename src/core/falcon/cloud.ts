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

/** Whether this is the API base URL of one of them. */
export const isCloud = (url: string): boolean => Object.values<string>(clouds).includes(url)

/** Where the first token is asked for, without a slash at its end: with `auto`, us-1 redirects to the tenant's own cloud. */
export const firstUrl = ({ base_url }: { readonly base_url: string }): string =>
  base_url === "auto" ? clouds["us-1"] : base_url.replace(/\/+$/, "")
