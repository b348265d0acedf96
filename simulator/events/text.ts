import type { Random } from "./random.ts"

/** File names that people give, in many languages. */
export const documents: readonly string[] = [
  "Q4 budget & forecast.xlsx",
  "請求書_2026年1月.docx",
  "Отчёт за квартал.docx",
  "كشف الرواتب.xlsx",
  "여객 명단 (최종).xlsx",
  "Überfahrtplan <neu>.docm",
  "u\u0308bersicht.docx", // the umlaut decomposed, as macOS stores it
  "facture n°12 «relance».pdf",
  "发票-0091.pdf",
  "boarding \u{1F6A2}\u{1F468}\u200D\u2708\uFE0F.pptx",
  "हस्ताक्षर प्रति.pdf",
  "it's 100% done.txt",
]

/** Sentences as analysts and services leave them in text fields, with what trips naive readers of JSON lines. */
export const remarks: readonly string[] = [
  'Closed as a duplicate of the event {"offset":12345,"eventType":"DetectionSummaryEvent"} seen before.',
  "Проверено дежурной сменой, ложное срабатывание.",
  "担当者に確認済み。対応不要。",
  "تمت المراجعة مع المستخدم، لا حاجة لأي إجراء.",
  "Rückfrage bei der Nutzerin läuft\n\t– Ticket 4711\n\t– Frist: Freitag",
  'The user said: "it\'s my backup script" & sent C:\\Users\\Public\\backup.ps1',
  "Looks benign \u{1F44D}\u{1F3FD} <b>no action</b>",
  "first line\r\nsecond line\u2028third line",
  "}{ ]} end of pasted log: 'C:\\temp\\' \\\" \\u0041 /* not an escape */",
  "사용자 확인 완료.",
  "Seen on the ship’s kiosk only…",
  "",
]

const sentences: readonly string[] = [
  "The process tree was reviewed and matches the maintenance window.",
  'Parent "cmd.exe" was started by a scheduled task under D:\\Jobs\\night.',
  "No further hosts talked to the address within seven days.",
  "Passenger system operators were told & the account was reset.",
  "The file is signed, but its certificate expired last year.",
  "Memory of the process held an unbacked executable region.",
]

/** Plain sentences of about `length` characters in all. */
function makeProse(random: Random, length: number): string {
  let text = ""
  while (text.length < length) text += ` ${random.pick(sentences)}`
  return text.slice(0, length)
}

/** Base64 of a harmless script of many lines, about `length` characters; UTF-16 as PowerShell takes it, or UTF-8. */
export function makeEncodedScript(random: Random, length: number, encoding: "utf16le" | "utf8"): string {
  const script_length = (length * 3) / (encoding === "utf16le" ? 8 : 4)
  let script = ""
  while (script.length < script_length) script += `$v${random.int(0, 99)} = 0x${random.hex(8)};\n`
  return Buffer.from(script.slice(0, script_length), encoding).toString("base64")
}

/** The value of a text field with about `extra` characters more, of the kind that the field would hold. */
export function lengthen(random: Random, field: string, value: string, extra: number): string {
  if (field !== "CommandLine") return value + makeProse(random, extra)
  if (value.startsWith("/") || value.startsWith("bash")) {
    return `${value}; echo ${makeEncodedScript(random, extra, "utf8")} | base64 -d | sh`
  }
  return `${value} & powershell.exe -NoProfile -EncodedCommand ${makeEncodedScript(random, extra, "utf16le")}`.trimStart()
}
