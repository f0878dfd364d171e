/**
 * The existing server name that a reader could mistake for `name`, or undefined. Names are ASCII already, so what is
 * left are hyphens and look-alike letters: `git-hub` and `github`, `mai1` and `mail`, `forrn` and `form`.
 */
export function findConfusableName(name: string, existing: Iterable<string>): string | undefined {
  const wanted = skeleton(name)
  for (const other of existing) {
    if (skeleton(other) === wanted) return other
  }
  return undefined
}

function skeleton(name: string): string {
  return name
    .replaceAll('-', '')
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
}
