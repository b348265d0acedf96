/** Bounds of the inventory of users. */
export const users = {
  /** Console users listed at once. Falcon's maximum. */
  users_page: 500,
  /** Directory identities asked for at once. What the Python module asks for; nobody documents a maximum. */
  identities_page: 50,
} as const
