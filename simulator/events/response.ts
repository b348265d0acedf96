import type { JsonObject } from "./json.ts"
import { drawScene } from "./processes.ts"
import type { Random } from "./random.ts"
import { documents } from "./text.ts"
import { drawTime, toSeconds } from "./times.ts"
import { company, world } from "./world.ts"

/** An analyst opened a remote session on a host. */
export function makeSessionStart(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  return {
    SessionId: random.uuid(),
    HostnameField: host.hostname,
    AgentIdString: host.agent_id,
    UserName: random.pick(world.users).email,
    StartTimestamp: toSeconds(drawTime(random)),
  }
}

/** The session ended; some say which commands were run in it. */
export function makeSessionEnd(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const commands = [
    "ls -la /tmp",
    String.raw`cd "C:\Users\${host.user.login}\Downloads"`,
    `get "${random.pick(documents)}"`,
    "ps | grep 'offset\":' > out.txt 2>&1",
    `runscript -Raw=\`\`\`Get-Process |\n\tSelect-Object Name, Id\`\`\``,
    `memdump ${random.digits(4)} ${random.hex(8)}.dmp`,
  ]
  return {
    SessionId: random.uuid(),
    HostnameField: host.hostname,
    UserName: random.pick(world.users).email,
    EndTimestamp: toSeconds(drawTime(random)),
    ...(random.chance(0.7) && { Commands: random.sample(commands, random.int(0, commands.length)) }),
  }
}

/** A connection matched a firewall rule; ports, protocol and flags are texts, the time is ISO. */
export function makeFirewallMatch(random: Random): JsonObject {
  const host = random.pick(world.hosts)
  const { process } = drawScene(random, host)
  const policy = random.pick(world.firewall_policies)
  const has_process = random.chance(0.7)
  const matches = random.int(1, 500)
  return {
    DeviceId: host.agent_id,
    HostName: host.hostname,
    Platform: host.platform,
    CustomerId: company.cid,
    EventType: random.pick(["FirewallRuleIP4Matched", "FirewallRuleApplied"]),
    Timestamp: new Date(drawTime(random)).toISOString(),
    ConnectionDirection: random.pick(["0", "1"]),
    Protocol: random.pick(["6", "17"]),
    Ipv: "ipv4",
    LocalAddress: host.local_ip,
    LocalPort: String(random.int(49_152, 65_535)),
    RemoteAddress: random.ipv4(),
    RemotePort: random.pick(["445", "3389", "5985", "135"]),
    ICMPCode: "",
    ICMPType: "",
    NetworkProfile: random.pick(["1", "2"]),
    CommandLine: has_process ? process.command : "",
    ImageFileName: has_process ? process.path : "",
    PID: random.digits(5),
    Flags: { Audit: false, Log: true, Monitor: random.chance(0.3) },
    MatchCount: matches,
    MatchCountSinceLastReport: random.int(1, matches),
    PolicyID: policy.id,
    PolicyName: policy.name,
    RuleAction: random.pick(["0", "1", "2"]),
    RuleDescription: "",
    RuleFamilyID: random.hex(32),
    RuleGroupName: "Inbound & lateral",
    RuleId: random.digits(15),
    RuleName: random.pick(["Block SMB in", "Interdire RDP (hors siège)", "禁止 WinRM"]),
    Status: "",
    TreeID: "",
  }
}
