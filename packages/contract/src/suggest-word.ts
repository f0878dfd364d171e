const MAX_DISTANCE = 3

/** The known word nearest to a mistyped one, or undefined when none is near. */
export function suggestWord(typed: string, known: readonly string[]): string | undefined {
  const wanted = fold(typed)
  let best: string | undefined
  let bestDistance = Math.min(MAX_DISTANCE, Math.ceil(wanted.length / 2)) + 1
  for (const word of known) {
    const distance = editDistance(wanted, fold(word))
    if (distance < bestDistance) {
      best = word
      bestDistance = distance
    }
  }
  return best
}

/** `request_timeout_ms` and `requestTimeoutMs` are the same word, written differently. */
function fold(word: string): string {
  return word.slice(0, 64).toLowerCase().replaceAll(/[-_ ]/g, '')
}

function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const substitution = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[right.length]!
}
