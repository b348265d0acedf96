/**
 * What OCSF 1.6 says about the two inventory classes (schema.ocsf.io/1.6.0: classes/device_inventory_info, classes/
 * user_inventory, objects/device, os, user, account), written down by hand and not taken from the product's models.
 */

type Fields = Readonly<Record<string, unknown>>

const classes: Readonly<Record<number, { readonly name: string; readonly subject: string }>> = {
  5001: { name: "Device Inventory Info", subject: "device" },
  5003: { name: "User Inventory Info", subject: "user" },
}

const activities: Readonly<Record<number, string>> = { 0: "Unknown", 1: "Log", 2: "Collect", 99: "Other" }
const severities: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "Informational",
  2: "Low",
  3: "Medium",
  4: "High",
  5: "Critical",
  6: "Fatal",
  99: "Other",
}

/** Of OCSF's device types those that Sekoia's models still have; 3 Laptop and 4 Tablet are not among them. */
const device_types: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "Server",
  2: "Desktop",
  5: "Mobile",
  6: "Virtual",
  9: "Firewall",
  10: "Switch",
  99: "Other",
}

const os_types: Readonly<Record<number, string>> = {
  0: "Unknown",
  99: "Other",
  100: "Windows",
  101: "Windows Mobile",
  200: "Linux",
  201: "Android",
  300: "macOS",
  301: "iOS",
  302: "iPadOS",
  400: "Solaris",
  401: "AIX",
  402: "HP-UX",
}

const user_types: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "User",
  2: "Admin",
  3: "System",
  4: "Service",
  99: "Other",
}

const account_types: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "LDAP Account",
  2: "Windows Account",
  3: "AWS IAM User",
  4: "AWS IAM Role",
  5: "GCP Account",
  6: "Azure AD Account",
  7: "Mac OS Account",
  8: "Apple Account",
  9: "Linux Account",
  10: "AWS Account",
  99: "Other",
}

const risk_levels: Readonly<Record<number, string>> = { 0: "Info", 1: "Low", 2: "Medium", 3: "High", 4: "Critical" }

/** Where an item departs from this; empty for one that does not. */
export const problemsOf = (item: Fields): string[] => {
  const problems: string[] = []
  const expectThat = (holds: boolean, what: string) => void (holds || problems.push(what))
  const pair = (where: string, table: Readonly<Record<number, string>>, id: unknown, name: unknown) =>
    expectThat(
      table[id as number] !== undefined && table[id as number]!.toLowerCase() === String(name).toLowerCase(),
      `${where}: ${id} is not ${name}`,
    )

  const known = classes[item.class_uid as number]
  if (known === undefined) return [`class_uid ${item.class_uid} is no inventory class`]
  expectThat(item.class_name === known.name, `class_name is ${item.class_name}`)
  expectThat(item.category_uid === 5 && item.category_name === "Discovery", "category is not Discovery")
  pair("activity", activities, item.activity_id, item.activity_name)
  pair("severity", severities, item.severity_id, item.severity)
  expectThat(item.type_uid === Number(item.class_uid) * 100 + Number(item.activity_id), `type_uid is ${item.type_uid}`)
  expectThat(item.type_name === `${known.name}: ${item.activity_name}`, `type_name is ${item.type_name}`)
  expectThat(
    Number.isFinite(item.time) && Number(item.time) > 1e8 && Number(item.time) < 1e11,
    "time is no epoch second",
  )
  const metadata = item.metadata as { version?: string; product?: Fields } | undefined
  expectThat(metadata?.version === "1.6.0", "metadata.version is not 1.6.0")
  expectThat(typeof metadata?.product?.name === "string", "metadata.product.name is missing")
  const subject = item[known.subject] as Fields | undefined
  if (subject === undefined) return [...problems, `${known.subject} is missing`]
  expectThat(typeof subject.uid === "string" && subject.uid !== "", "uid is missing")
  if (known.subject === "device") {
    pair("device type", device_types, subject.type_id, subject.type)
    const os = subject.os as Fields
    pair("os type", os_types, os.type_id, os.type)
    expectThat(typeof os.name === "string" && os.name !== "", "os.name is missing")
    expectThat(typeof subject.hostname === "string" && subject.hostname !== "", "hostname is missing")
  } else {
    expectThat(typeof subject.name === "string" && subject.name !== "", "name is missing")
    if (subject.type_id !== undefined) pair("user type", user_types, subject.type_id, subject.type)
    if (subject.risk_level_id !== undefined) pair("risk level", risk_levels, subject.risk_level_id, subject.risk_level)
    const account = subject.account as Fields | undefined
    if (account !== undefined) pair("account type", account_types, account.type_id, account.type)
  }
  return problems
}
