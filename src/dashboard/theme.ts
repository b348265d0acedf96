/** Light, dark, or as the system has it; remembered by this browser. */
import { effect, signal } from "@preact/signals"

const themes = ["auto", "light", "dark"] as const
type Theme = (typeof themes)[number]

const stored = (): Theme => {
  const found = localStorage.getItem("akonis-theme")
  return themes.find((one) => one === found) ?? "auto"
}

export const theme = signal<Theme>(stored())

export const nextTheme = (): void => {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
}

effect(() => {
  localStorage.setItem("akonis-theme", theme.value)
  if (theme.value === "auto") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
})
