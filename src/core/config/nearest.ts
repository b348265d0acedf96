/** The name that was probably meant: the one that has most of the words, and of those the one with the fewest letters to change. */
export const nearest = (name: string, names: readonly string[]): string | undefined => {
  const ranked = names.map((known) => ({
    known,
    strange: strangeWords(name, known),
    changes: changesBetween(name, known),
  }))
  return ranked.sort((one, other) => one.strange - other.strange || one.changes - other.changes)[0]?.known
}

/** How many words of a name the other one lacks. */
const strangeWords = (name: string, known: string): number => {
  const words = known.split(/[_-]/)
  return name.split(/[_-]/).filter((word) => !words.includes(word)).length
}

/** Levenshtein's distance: letters to add, to remove or to replace until one text is the other. */
const changesBetween = (one: string, other: string): number => {
  let above = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 0; i < one.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < other.length; j++) {
      const replaced = above[j]! + (one[i] === other[j] ? 0 : 1)
      row.push(Math.min(replaced, above[j + 1]! + 1, row[j]! + 1))
    }
    above = row
  }
  return above[other.length]!
}
