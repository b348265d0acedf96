/** What every run has in common: when it begins, when it is given up, and who asks whom with which secrets. */
import { api_url } from "../model/falcon.ts"
import { intake_key } from "../model/intake.ts"

export const start_ms = Date.UTC(2026, 0, 15)
/** Wake-ups of one run; far more than any needs. */
export const steps_max = 1_000_000

export const environment = (data_dir: string): Record<string, string> => ({
  FALCON_BASE_URL: api_url,
  FALCON_CLIENT_ID: "simulated-client",
  FALCON_CLIENT_SECRET: "simulated-secret",
  SEKOIA_INTAKE_URL: `${api_url}/intake`,
  SEKOIA_INTAKE_KEY: intake_key,
  AKONIS_DATA_DIR: data_dir,
})
