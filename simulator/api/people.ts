import { Random } from "../events/random.ts"
import { company, world } from "../events/world.ts"
import type { SimulatorSettings } from "../options.ts"

const day_ms = 86_400_000

/** A user of the console (gofalcon `DomainUser`): all fields are optional, and some users have few. */
export interface ConsoleUser {
  readonly uuid: string
  readonly uid: string
  readonly cid: string
  readonly first_name: string | null
  readonly last_name: string | null
  status: string
  readonly factors: readonly string[] | null
  readonly user_type: string
  readonly created_at: string
  updated_at: string
  readonly last_login_at: string | null
}

/** Who uses the console, and who is in the directory. */
export class People {
  /** In the order of their creation. */
  readonly console_users: ConsoleUser[]
  /** Identities are made up when asked for; here are those that were changed or removed by hand. */
  readonly #risen = new Set<number>()
  readonly #gone = new Set<number>()
  #console_users_made: number
  #identities: number
  #points_left: number
  #window_ends_ms = 0

  readonly settings: SimulatorSettings
  readonly started_ms: number

  constructor(settings: SimulatorSettings, started_ms: number) {
    this.settings = settings
    this.started_ms = started_ms
    this.console_users = Array.from({ length: settings.console_users }, (_, index) => this.#makeConsoleUser(index))
    this.#console_users_made = settings.console_users
    this.#identities = settings.identities
    this.#points_left = settings.identity_points
  }

  /** The indexes of the identities that are there. */
  identities(): number[] {
    return Array.from({ length: this.#identities }, (_, index) => index).filter((index) => !this.#gone.has(index))
  }

  /** An entity as the GraphQL of Identity Protection shows it. */
  identity(index: number) {
    const random = new Random(this.settings.seed * 1_000_003 + index)
    const known = world.users[index]
    const login = known?.login ?? `user-${String(index).padStart(6, "0")}`
    const has_risen = this.#risen.has(index)
    const account = {
      dataSource: "ACTIVE_DIRECTORY",
      domain: company.directory,
      samAccountName: login,
      objectSid: known?.sid ?? `S-1-5-21-1-2-3-${10_000 + index}`,
      objectGuid: random.uuid(),
      enabled: random.chance(0.9),
    }
    return {
      entityId: known?.uuid ?? random.uuid(),
      type: "USER",
      primaryDisplayName: known?.full_name ?? login,
      secondaryDisplayName: index % 7 === 3 ? null : `${company.netbios}\\${login}`,
      creationTime: index % 11 === 5 ? null : new Date(this.started_ms - 365 * day_ms + index * 60_000).toISOString(),
      riskScore: has_risen ? 0.91 : 0.29,
      riskScoreSeverity: has_risen ? "CRITICAL" : "NORMAL",
      accounts: index % 13 === 7 ? null : [account],
      emailAddresses: known === undefined ? [] : [known.email],
      roles: index % 5 === 0 ? [{ type: "BuiltinAdministratorRole" }] : [],
    }
  }

  /** Takes points from the budget of this minute; undefined when there are too few. */
  spend(points: number, now: number): { remainingPoints: number; consumedPoints: number; reset: number } | undefined {
    if (now >= this.#window_ends_ms) {
      this.#points_left = this.settings.identity_points
      this.#window_ends_ms = now + 60_000
    }
    if (points > this.#points_left) return undefined
    this.#points_left -= points
    const reset = Math.ceil((this.#window_ends_ms - now) / 1_000)
    return { remainingPoints: this.#points_left, consumedPoints: points, reset }
  }

  addConsoleUsers(count: number): void {
    for (let added = 0; added < count; added++)
      this.console_users.push(this.#makeConsoleUser(this.#console_users_made++))
  }

  /** The oldest are deactivated. */
  changeConsoleUsers(count: number): void {
    for (const user of this.console_users.slice(0, count))
      user.status = user.status === "active" ? "inactive" : "active"
  }

  removeConsoleUsers(count: number): void {
    this.console_users.splice(Math.max(0, this.console_users.length - count))
  }

  addIdentities(count: number): void {
    this.#identities += count
  }

  changeIdentities(count: number): void {
    for (const index of this.identities().slice(0, count)) this.#risen.add(index)
  }

  removeIdentities(count: number): void {
    for (const index of this.identities().reverse().slice(0, count)) this.#gone.add(index)
  }

  #makeConsoleUser(index: number): ConsoleUser {
    const random = new Random(this.settings.seed * 999_983 + index)
    const { full_name, email } = world.users[index % world.users.length]!
    const [first_name, ...rest] = full_name.split(" ")
    return {
      uuid: random.uuid(),
      uid: index < world.users.length ? email : `console-${index}@${company.mail}`,
      cid: company.cid,
      first_name: index % 9 === 4 ? null : first_name!,
      last_name: rest.length === 0 ? null : rest.join(" "),
      status: random.chance(0.8) ? "active" : "inactive",
      factors: random.chance(0.5) ? ["totp"] : null,
      user_type: "user",
      created_at: new Date(this.started_ms - 100 * day_ms + index * 1_000).toISOString(),
      updated_at: new Date(this.started_ms - 10 * day_ms).toISOString(),
      last_login_at: random.chance(0.7) ? new Date(this.started_ms - day_ms).toISOString() : null,
    }
  }
}
