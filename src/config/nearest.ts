/**
 * The name that another was most likely meant to be.
 *
 * @param most characters that may be wrong, missing or too many; of two that are as near, the first
 * @returns undefined if none is near
 */
export function nearest(wrong: string, names: Iterable<string>, most: number): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) > most) continue
    const distance = distanceOf(wrong, name)
    if (distance <= most && distance < (best?.distance ?? most + 1)) best = { name, distance }
  }
  return best?.name
}

/** How many characters have to be put in, taken out, replaced, or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
