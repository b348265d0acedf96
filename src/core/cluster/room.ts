/** All of the cluster that others use. It is imported when a configuration has a `cluster` block, and only then: without one no database module is loaded. */
export { openDatabase } from "./database.ts"
export { migrate } from "./migrations.ts"
