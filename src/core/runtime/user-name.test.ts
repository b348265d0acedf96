/** Who an audit line says has used the shell. */
import { expect, test } from "bun:test"

const path = `${import.meta.dir}/user-name.ts`

test("is who the system says, and not who the variable USER says: else anybody could approve a run of their own", () => {
  const named = (user: string) =>
    Bun.spawnSync([process.execPath, "-e", `import { userName } from "${path}"; console.log(userName())`], {
      env: { ...process.env, USER: user, LOGNAME: user },
    })
      .stdout.toString()
      .trim()
  const real = Bun.spawnSync(["id", "-un"]).stdout.toString().trim()
  expect([named("mallory"), named("")]).toEqual([real, real])
})
