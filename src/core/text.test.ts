import { describe, expect, test } from "bun:test"
import { hideInLogs, redact } from "./telemetry/redact.ts"
import { cleanText, terminalText } from "./text.ts"

const ESC = "\u001b"

describe("a text from elsewhere", () => {
  test("is shown on one line, whatever ends its lines", () => {
    for (const end of ["\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f", "\t", "  "]) {
      expect(cleanText(`one${end}two`, 100)).toBe("one two")
    }
  })

  test("steers no terminal: sequences of one, two and many bytes, ended or not", () => {
    for (const sequence of [
      `${ESC}[31m`,
      `${ESC}[2J`,
      `${ESC}]0;title\u0007`,
      `${ESC}]8;;http://evil.example${ESC}\\`,
      `${ESC}P1;2q${ESC}\\`,
      `${ESC}c`,
      "\u009b1m",
      "\u009d0;t\u009c",
      "\u0000",
      "\u0007",
      "\u007f",
      "\u0080",
    ]) {
      expect(cleanText(`a${sequence}b`, 100)).toBe("a\ufffdb")
    }
    for (const unended of [`${ESC}[`, `${ESC}]0;for ever`, ESC]) {
      const clean = cleanText(`a${unended}`, 100)
      expect([...clean].filter((char) => char < " " || (char >= "\u007f" && char < "\u00a0"))).toEqual([])
    }
  })

  test("cannot turn its direction around, nor hide characters that nobody sees", () => {
    for (const char of ["\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\u{e0041}"]) {
      expect(cleanText(`a${char}b`, 100)).toBe("a\ufffdb")
    }
    expect(cleanText("\ud800 and half", 100)).toBe("\ufffd and half")
  })

  test("is left as it is where it is harmless: letters of all scripts, joined emoji", () => {
    const text = "größe 漢字 עברית 👩‍💻 <b>&amp;</b>"
    expect(cleanText(text, 100)).toBe(text)
  })

  test("is cut by characters, never within one, and ends with a mark when it was cut", () => {
    expect(cleanText("abcdef", 6)).toBe("abcdef")
    expect(cleanText("abcdefg", 6)).toBe("abcde…")
    expect(cleanText("👍👍👍👍", 4)).toBe("👍👍👍👍")
    expect(cleanText("👍👍👍👍👍", 4)).toBe("👍👍👍…")
    expect([...cleanText("x".repeat(50_000_000), 200)]).toHaveLength(200)
  })
})

describe("a secret", () => {
  const secret = "s3cr3t!~'()* of/the&client<>\"ü"
  hideInLogs(secret)

  test("is found however it is encoded", () => {
    const form = new URLSearchParams({ v: secret }).toString().slice(2)
    const strict = encodeURIComponent(secret).replaceAll(
      /[!'()*~]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
    const json = JSON.stringify(secret)
    for (const encoded of [
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      form,
      form.replaceAll("+", "%20"),

      strict,
      json,
      json.replaceAll("/", "\\/"),
      json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026"),
      json.replaceAll("ü", "\\u00fc"),
    ]) {
      const clean = cleanText(`before ${encoded} after`, 500)
      expect(clean).toContain("<redacted>")
      expect(clean).not.toContain("s3cr3t")
      expect(redact(`x=${encoded}`)).not.toContain("s3cr3t")
    }
  })

  test("leaves no piece behind where a text is cut", () => {
    const key = "intake-key-of-23-chars!"
    hideInLogs(key)
    for (let before = 0; before < 60; before++) {
      const clean = cleanText(`${".".repeat(before)}${key}${" and more".repeat(20_000)}`, 40)
      expect(clean).not.toMatch(/intake|key-of/)
    }
    // Wherever in a long text it stands, and however much shorter redaction makes what comes before it.
    for (let i = 0; i < 200; i++) {
      const clean = cleanText(`${key.repeat(60)}${".".repeat(i)}${key}`, 100)
      expect(clean.replaceAll("<redacted>", "")).not.toMatch(/intake|chars/)
    }
  })

  test("leaves no piece behind where what comes before it shrinks, so that the place of the cut is shown", () => {
    const token = "QWERTYUIOP-ASDFGHJKL-ZXCVBNM"
    hideInLogs(token)
    for (let blanks = 700; blanks < 5_000; blanks += 3) {
      const clean = cleanText(`${" ".repeat(blanks)}${token}${" ".repeat(10_000)}end`, 100)
      expect(clean).not.toMatch(/QWER|TYUI|ASDF|GHJK|ZXCV/)
    }
  })

  test("that holds another one is replaced as a whole", () => {
    hideInLogs("outer-secret-0001")
    hideInLogs("outer-secret-0001-and-its-end")
    expect(redact("it is outer-secret-0001-and-its-end.")).toBe("it is <redacted>.")
  })

  test("that is short is cut out as a word of its own, not out of other words", () => {
    hideInLogs("frontend")
    expect(redact("frontend")).toBe("<redacted>")
    expect(redact('{"key":"frontend"}')).toBe('{"key":"<redacted>"}')
    expect(redact("a\\nfrontend%20frontend")).toBe("a\\n<redacted>%20<redacted>")
    expect(redact("frontends frontend-1 my_frontend")).toBe("frontends frontend-1 my_frontend")
  })

  test("that is too short to be one changes no text", () => {
    hideInLogs("t")
    hideInLogs("windows")
    expect(redact("the windows host")).toBe("the windows host")
  })
})

test("what is printed shows control characters instead of obeying them, and JSON stays the same JSON", () => {
  const value = { text: `a${ESC}[2J\u009b1m\u202e\u{e0041}\n`, more: ["\u007f"] }
  const printed = terminalText(JSON.stringify(value, null, 2))
  expect(JSON.parse(printed)).toEqual(value)
  expect(printed).not.toMatch(/[\u0080-\u009f\u007f\u202e\u{e0041}]/u)
  expect(printed.split("\n")).toHaveLength(6)
})
